package ingest

// Setting is what to type into one program.
type Setting struct {
	ID     string // obs, ffmpeg, gstreamer, vmix
	Name   string // OBS Studio
	Fields []Field
	Note   string
}

// Field is one field of a program, or a command.
type Field struct {
	Label  string // Server, Stream key, Command
	Value  string // holds secrets
	Shown  string // the same with secrets masked
	Secret bool
}

// Settings are what to type into common encoders, made from the mended URL;
// nil where there is no RTMP URL to make them from.
func (r *Result) Settings() []Setting {
	u := r.mended
	if u == nil || u.fam() != famRTMP {
		return nil
	}
	lay := u.layout(r.form)
	pub := u.public(r.form, &lay)
	field := func(label, before string, t string, p []bool, after string) Field {
		f := Field{Label: label, Value: before + t + after, Shown: before + mask(t, p) + after}
		for _, ok := range p {
			f.Secret = f.Secret || !ok
		}
		return f
	}
	// Server and key: everything up to the application (and access token), and
	// the rest.
	cut := len(u.t)
	if !lay.stream.empty() && !r.form.WholePath {
		cut = lay.stream.s
	}
	if lay.stream.empty() && u.query.s > 0 && u.streamInQuery() {
		cut = u.query.s - 1
	}
	server, key := u.t[:cut], u.t[cut:]
	spub, kpub := pub[:cut], pub[cut:]
	if n := len(server); n > 0 && server[n-1] == '/' && cut < len(u.t) {
		server, spub = server[:n-1], spub[:n-1]
	}
	note := ""
	switch {
	case r.form.WholePath:
		note = "Leave the stream key empty: the whole path is the stream."
	case lay.stream.empty() && r.form.Token.Hex32 && !lay.token.empty():
		note = "As stream key any name will do."
	case lay.stream.empty() && key == "":
		note = "The stream key is on the platform's page."
	}
	keyField := field("Stream key", "", key, kpub, "")
	obs := Setting{ID: "obs", Name: "OBS Studio", Note: note}
	if u.hasUser {
		// OBS has fields of its own for user and password.
		at := u.rest
		host := u.user.e + 1
		if u.hasPass {
			host = u.pass.e + 1
		}
		bare := append(append([]bool{}, spub[:at]...), spub[host:]...)
		obs.Fields = append(obs.Fields, field("Server", "", server[:at]+server[host:], bare, ""), keyField,
			field("User name", "", u.str(u.user), pub[u.user.s:u.user.e], ""))
		if u.hasPass {
			obs.Fields = append(obs.Fields, field("Password", "", u.str(u.pass), pub[u.pass.s:u.pass.e], ""))
		}
	} else {
		obs.Fields = append(obs.Fields, field("Server", "", server, spub, ""), keyField)
	}
	whole, wpub := quoted(u.t, pub)
	vmixKey := keyField
	vmixKey.Label = "Stream name or key"
	return []Setting{
		obs,
		{ID: "ffmpeg", Name: "FFmpeg", Fields: []Field{field("Command", "ffmpeg -re -i input.mp4 -c copy -f flv ", whole, wpub, "")}},
		{ID: "gstreamer", Name: "GStreamer", Fields: []Field{field("Command",
			"gst-launch-1.0 flvmux name=mux streamable=true ! rtmp2sink location=", whole, wpub,
			" videotestsrc is-live=true ! x264enc tune=zerolatency key-int-max=60 ! h264parse ! mux. audiotestsrc is-live=true ! avenc_aac ! aacparse ! mux.")}},
		{ID: "vmix", Name: "vMix", Fields: []Field{field("URL", "", server, spub, ""), vmixKey}, Note: note},
	}
}

// quoted writes a text in single quotation marks for a shell.
func quoted(t string, pub []bool) (string, []bool) {
	b := []byte{'\''}
	p := []bool{true}
	for i := 0; i < len(t); i++ {
		if t[i] == '\'' {
			b = append(b, `'\''`...)
			p = append(p, pub[i], pub[i], pub[i], pub[i])
			continue
		}
		b = append(b, t[i])
		p = append(p, pub[i])
	}
	return string(append(b, '\'')), append(p, true)
}
