package flv

import "strconv"

// config names the fields of a configuration record.
func (d *dissector) config(c *cursor, codec Codec, f *Frame) {
	var cfg *Config
	if f != nil {
		cfg = f.Config
	}
	set := func(n int, name string, codec Codec) bool {
		return c.take(n, name, func(b []byte) string {
			if len(b) == 0 {
				return "empty"
			}
			return unitName(codec, b)
		}) != nil
	}
	switch codec {
	case AVC:
		if startCode(c.b) {
			break
		}
		c.take(1, "configurationVersion", number)
		p := c.take(1, "AVCProfileIndication", number)
		k := c.take(1, "profile_compatibility", hexByte)
		if p != nil && k != nil {
			c.take(1, "AVCLevelIndication", func(b []byte) string {
				return number(b) + " (" + avcProfile(p[0], k[0]) + " " + avcLevel(p[0], k[0], b[0]) + ")"
			})
		}
		c.take(1, "lengthSizeMinusOne", func(b []byte) string { return itoa(int64(b[0] & 3)) })
		for i, name := range [...]string{"sequenceParameterSet", "pictureParameterSet"} {
			n := c.take(1, "numOf"+[...]string{"SequenceParameterSets", "PictureParameterSets"}[i], func(b []byte) string {
				if i == 0 {
					return itoa(int64(b[0] & 0x1f))
				}
				return number(b)
			})
			if n == nil {
				break
			}
			count := int(n[0])
			if i == 0 {
				count &= 0x1f
			}
			for range min(count, 32) {
				l := c.take(2, name+"Length", number)
				if l == nil || !set(int(l[0])<<8|int(l[1]), name+"NALUnit", AVC) {
					break
				}
			}
		}
	case HEVC:
		if startCode(c.b) {
			break
		}
		c.take(1, "configurationVersion", number)
		c.take(1, "general_profile", hexByte)
		c.take(4, "general_profile_compatibility_flags", func(b []byte) string { return "0x" + strconv.FormatUint(uint64(be32(b)), 16) })
		c.take(6, "general_constraint_indicator_flags", nil)
		c.take(1, "general_level_idc", func(b []byte) string {
			return number(b) + " (" + itoa(int64(b[0]/30)) + "." + itoa(int64(b[0]%30/3)) + ")"
		})
		c.take(2, "min_spatial_segmentation_idc", func(b []byte) string { return itoa(int64(b[0]&15)<<8 | int64(b[1])) })
		c.take(1, "parallelismType", func(b []byte) string { return itoa(int64(b[0] & 3)) })
		c.take(1, "chromaFormat", func(b []byte) string { return itoa(int64(b[0]&3)) + " (" + chromaName(uint32(b[0]&3)) + ")" })
		c.take(1, "bitDepthLumaMinus8", func(b []byte) string { return itoa(int64(b[0] & 7)) })
		c.take(1, "bitDepthChromaMinus8", func(b []byte) string { return itoa(int64(b[0] & 7)) })
		c.take(2, "avgFrameRate", number)
		c.take(1, "lengthSizeMinusOne", func(b []byte) string { return itoa(int64(b[0] & 3)) })
		n := c.take(1, "numOfArrays", number)
		for i := 0; n != nil && i < min(int(n[0]), 16) && !c.end; i++ {
			c.take(1, "NAL_unit_type", func(b []byte) string { return itoa(int64(b[0]&0x3f)) + " (" + hevcUnit(b[0]&0x3f) + ")" })
			k := c.take(2, "numNalus", number)
			for j := 0; k != nil && j < min(int(k[0])<<8|int(k[1]), 16); j++ {
				l := c.take(2, "nalUnitLength", number)
				if l == nil || !set(int(l[0])<<8|int(l[1]), "nalUnit", HEVC) {
					break
				}
			}
		}
	case AV1:
		c.take(1, "marker and version", hexByte)
		c.take(1, "seq_profile and level", func(b []byte) string { return itoa(int64(b[0]>>5)) + ", " + itoa(int64(b[0]&31)) })
		c.take(1, "tier, bit depth, chroma", hexByte)
		c.take(1, "initial_presentation_delay", hexByte)
	}
	name := "Configuration record"
	if codec == AAC {
		name = "AudioSpecificConfig"
	}
	v := describeConfig(cfg)
	if len(v) > 2 {
		v = v[2:]
	}
	c.rest(name, v)
}

// amf names the values of a script message.
func (d *dissector) amf(c *cursor) {
	if c.end {
		return
	}
	b, p := c.b, c.p
	if len(b) > MaxScript {
		b = b[:MaxScript]
	}
	c.end = true
	a := amfDecoder{p: b}
	a.emit = func(start, end int, path, value string) {
		d.field(p+start, end-start, path, value)
		if d.cut {
			a.emit = nil
		}
	}
	a.all()
	if a.err == nil && a.at < len(b) {
		d.field(p+a.at, len(b)-a.at, "padding", "")
	}
	if a.err != nil && !d.out.Partial {
		d.field(p+a.err.Offset, 0, "problem", a.err.Reason)
	}
}

// brief writes a value in a few words.
func (v AMFValue) brief() string {
	switch v.Kind {
	case AMFNumber:
		return strconv.FormatFloat(v.Num, 'f', -1, 64)
	case AMFBool:
		if v.Num != 0 {
			return "true"
		}
		return "false"
	case AMFString, AMFXML:
		if len(v.Str) > 120 {
			return strconv.Quote(v.Str[:120]) + "..."
		}
		return strconv.Quote(v.Str)
	case AMFObject:
		return "object"
	case AMFTypedObject:
		return "object of class " + strconv.Quote(v.Str[:min(len(v.Str), 120)])
	case AMFECMAArray:
		return "ECMA array"
	case AMFStrictArray:
		return "strict array"
	case AMFDate:
		return "date " + strconv.FormatFloat(v.Num, 'f', 0, 64)
	case AMFNull:
		return "null"
	case AMFUndefined:
		return "undefined"
	case AMFReference:
		return "reference " + strconv.FormatFloat(v.Num, 'f', 0, 64)
	case AMFSwitch:
		return "AMF3 value"
	}
	return "unsupported"
}
