package flvgen

// The pictures are real H.264, decodable by any decoder: a grey key frame of
// Intra 16x16 macroblocks without residual, then pictures that skip every
// macroblock. Filler data units bring each frame to the size that the bitrate
// asks for, as encoders with a constant bitrate do. The sound is real AAC-LC:
// silence, with fill elements.

// sps is a Main profile sequence parameter set without B-frames: picture order
// follows decoding order (pic_order_cnt_type 2), frame_num has 16 bits.
func (s Spec) sps() []byte {
	mbW, mbH := (s.Width+15)/16, (s.Height+15)/16
	w := &bitWriter{}
	w.u(8, 77) // profile_idc: Main
	w.u(8, 0x40)
	w.u(8, s.level())
	w.ue(0)  // seq_parameter_set_id
	w.ue(12) // log2_max_frame_num_minus4
	w.ue(2)  // pic_order_cnt_type
	w.ue(1)  // max_num_ref_frames
	w.u(1, 0)
	w.ue(uint64(mbW - 1))
	w.ue(uint64(mbH - 1))
	w.u(1, 1) // frame_mbs_only_flag
	w.u(1, 1) // direct_8x8_inference_flag
	if cropX, cropY := mbW*16-s.Width, mbH*16-s.Height; cropX+cropY > 0 {
		w.u(1, 1)
		w.ue(0)
		w.ue(uint64(cropX / 2))
		w.ue(0)
		w.ue(uint64(cropY / 2))
	} else {
		w.u(1, 0)
	}
	w.u(1, 1) // vui_parameters_present_flag
	w.u(4, 0) // no aspect ratio, overscan, signal type, chroma location
	w.u(1, 1) // timing_info_present_flag
	w.u(32, 1)
	w.u(32, uint64(2*s.FPS))
	w.u(1, 1) // fixed_frame_rate_flag
	w.u(4, 0) // no HRD (two kinds), no picture structure, no bitstream restriction
	w.trailing()
	return nal(0x67, w.b)
}

// level gives level_idc: 3.0 up to 720x576 at 25, 3.1 for 720p, 4.0 for 1080p30, 5.1 beyond.
func (s Spec) level() uint64 {
	mbs := uint64((s.Width+15)/16) * uint64((s.Height+15)/16)
	switch rate := mbs * uint64(s.FPS); {
	case rate <= 40500 && mbs <= 1620 && s.VideoKbps <= 10000:
		return 30
	case rate <= 108000 && mbs <= 3600 && s.VideoKbps <= 14000:
		return 31
	case rate <= 245760 && mbs <= 8192 && s.VideoKbps <= 20000:
		return 40
	}
	return 51
}

func pps() []byte {
	w := &bitWriter{}
	w.ue(0)   // pic_parameter_set_id
	w.ue(0)   // seq_parameter_set_id
	w.u(1, 0) // entropy_coding_mode_flag: CAVLC
	w.u(1, 0)
	w.ue(0)   // num_slice_groups_minus1
	w.ue(0)   // num_ref_idx_l0_default_active_minus1
	w.ue(0)   // num_ref_idx_l1_default_active_minus1
	w.u(1, 0) // weighted_pred_flag
	w.u(2, 0) // weighted_bipred_idc
	w.ue(0)   // pic_init_qp_minus26, signed: 0
	w.ue(0)   // pic_init_qs_minus26
	w.ue(0)   // chroma_qp_index_offset
	w.u(3, 0) // no deblocking control, constrained intra or redundant pictures
	w.trailing()
	return nal(0x68, w.b)
}

// idr is a key frame: every macroblock Intra 16x16, DC prediction, no residual.
func (s Spec) idr(id uint64) []byte {
	w := &bitWriter{}
	w.ue(0)    // first_mb_in_slice
	w.ue(7)    // slice_type: all I
	w.ue(0)    // pic_parameter_set_id
	w.u(16, 0) // frame_num
	w.ue(id)   // idr_pic_id, not the one before
	w.u(2, 0)  // dec_ref_pic_marking
	w.ue(0)    // slice_qp_delta
	for range (s.Width + 15) / 16 * ((s.Height + 15) / 16) {
		w.ue(3) // mb_type I_16x16_2_0_0
		w.ue(0) // intra_chroma_pred_mode: DC
		w.ue(0) // mb_qp_delta
		w.u(1, 1)
	}
	w.trailing()
	return nal(0x65, w.b)
}

// skipped is a P picture that repeats the one before it.
func (s Spec) skipped(frameNum uint64) []byte {
	w := &bitWriter{}
	w.ue(0) // first_mb_in_slice
	w.ue(5) // slice_type: all P
	w.ue(0)
	w.u(16, frameNum)
	w.u(3, 0) // no reference overrides, no marking commands
	w.ue(0)   // slice_qp_delta
	w.ue(uint64((s.Width + 15) / 16 * ((s.Height + 15) / 16)))
	w.trailing()
	return nal(0x41, w.b)
}

// avcConfig is the AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1).
func (s Spec) avcConfig() []byte {
	sps, pps := s.sps(), pps()
	b := []byte{1, sps[1], sps[2], sps[3], 0xff, 0xe1, byte(len(sps) >> 8), byte(len(sps))}
	b = append(b, sps...)
	b = append(b, 1, byte(len(pps)>>8), byte(len(pps)))
	return append(b, pps...)
}

var aacRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// aacConfig is the AudioSpecificConfig of stereo AAC-LC (ISO/IEC 14496-3 1.6.2.1).
func (s Spec) aacConfig() []byte {
	w := &bitWriter{}
	w.u(5, 2)
	for i, rate := range aacRates {
		if rate == s.SampleRate {
			w.u(4, uint64(i))
		}
	}
	w.u(4, 2)
	w.u(3, 0)
	return w.b
}

// aacFrame is a raw_data_block of stereo silence of exactly size bytes (at least 16).
func aacFrame(size int) []byte {
	w := &bitWriter{}
	// A channel pair element: common window, no scale factor bands, global gain 140 twice.
	for _, c := range []byte{0x21, 0x10, 0x04, 0x60, 0x8c} {
		w.u(8, uint64(c))
	}
	w.u(3, 0)
	for {
		left := size*8 - (len(w.b)*8 - int(w.free)) - 3 // without the END
		if left < 15 {
			break
		}
		n := min((left-7)/8, 269) // bytes of payload
		w.u(3, 6)                 // ID_FIL
		if n < 15 {
			w.u(4, uint64(n))
		} else {
			n--
			w.u(4, 15)
			w.u(8, uint64(n-14))
		}
		for i := range n {
			if i == 0 {
				w.u(8, 0x10) // EXT_FILL_DATA, four zero bits
			} else {
				w.u(8, 0xa5)
			}
		}
	}
	w.u(3, 7) // ID_END
	w.free = 0
	for len(w.b) < size {
		w.b = append(w.b, 0)
	}
	return w.b
}
