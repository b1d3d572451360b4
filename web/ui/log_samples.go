package ui

import (
	"fmt"
	"strings"
)

// Our own logs and events, made on the page so that trying it out asks nothing of
// the network. Names, addresses and keys are invented; the shapes are those of the
// programs.

// logSample is one of them.
type logSample struct {
	kind, label, name string
	text              func() string
}

var logSamples = [...]logSample{
	{"obs", "OBS log with drops", "obs-2026-11-14.txt", func() string { return obsLog(true) }},
	{"azure", "Azure event, rejected", "event-grid.json", func() string { return azureEvents }},
	{"tencent", "Tencent callback", "callback.txt", func() string { return tencentCallback }},
	{"ffmpeg", "FFmpeg, too slow", "ffmpeg.txt", ffmpegScreen},
	{"healthy", "A healthy OBS log", "obs-healthy.txt", func() string { return obsLog(false) }},
}

// obsLog is a stream of 19 minutes; bad with a key frame interval that is too
// long, two lost connections, and dropped, skipped and lagged frames.
func obsLog(bad bool) string {
	var b strings.Builder
	line := func(clock, text string) { b.WriteString(clock + ": " + text + "\r\n") }
	keyint, dropped, skipped, lagged := "keyint_sec:   2", "12 (0.0%)", "0/69104 (0.0%)", "9 (0.0%)"
	if bad {
		keyint, dropped, skipped, lagged = "keyint_sec:   10", "6531 (9.5%)", "1914/69104 (2.8%)", "412 (0.6%)"
	}
	for _, s := range []string{
		"CPU Name: AMD Ryzen 5 3600 6-Core Processor", "CPU Speed: 3593MHz", "Physical Cores: 6, Logical Cores: 12",
		"Physical Memory: 16315MB Total, 9022MB Free", "Windows Version: 10.0 Build 22631 (release: 23H2; revision: 4317; 64-bit)",
		"Running as administrator: false", "Windows 10/11 Gaming Features:", "\tGame Bar: On", "\tGame DVR: Off", "\tGame Mode: On",
		"OBS 30.2.3 (64-bit, windows)", "---------------------------------", "---------------------------------",
		"audio settings reset:", "\tsamples per sec: 48000", "\tspeakers:        2", "\tmax buffering:   960 milliseconds", "\tbuffering type:  dynamically increasing",
		"---------------------------------", "Initializing D3D11...", "Loading up D3D11 on adapter NVIDIA GeForce GTX 1660 SUPER (0)", "---------------------------------",
		"video settings reset:", "\tbase resolution:   1920x1080", "\toutput resolution: 1920x1080", "\tdownscale filter:  Bicubic", "\tfps:               60/1", "\tformat:            NV12", "\tYUV mode:          Rec. 709/Partial",
	} {
		line("19:57:41.318", s)
	}
	line("19:58:02.114", "[NVENC encoder: 'advanced_video_stream'] settings:")
	for _, s := range []string{
		"rate_control: CBR", "bitrate:      6000", keyint, "preset:       p5", "tuning:       hq", "multipass:    qres",
		"profile:      high", "width:        1920", "height:       1080", "b-frames:     2", "lookahead:    false", "psycho_aq:    true",
	} {
		line("19:58:02.114", "\t"+s)
	}
	line("19:58:02.131", "[FFmpeg aac encoder: 'adv_aac0'] bitrate: 160, channels: 2, channel_layout: stereo")
	line("19:58:02.140", "==== Streaming Start ===============================================")
	line("19:58:02.141", "[rtmp stream: 'adv_stream'] Connecting to RTMP URL rtmp://live.example.com/app...")
	line("19:58:02.566", "[rtmp stream: 'adv_stream'] Connection to rtmp://live.example.com/app (203.0.113.40) successful")
	if bad {
		for _, at := range [][4]string{
			{"20:03:17.502", "20:03:17.503", "20:03:19.511", "20:03:20.027"},
			{"20:11:44.918", "20:11:44.919", "20:11:46.925", "20:11:47.402"},
		} {
			line(at[0], "[rtmp stream: 'adv_stream'] WriteN, RTMP send error 10054 (1448 bytes)")
			line(at[0], "[rtmp stream: 'adv_stream'] WriteN, RTMP send error 10038 (42 bytes)")
			line(at[1], "[rtmp stream: 'adv_stream'] Disconnected from rtmp://live.example.com/app")
			line(at[1], "Output 'adv_stream': Reconnecting in 2.00 seconds..")
			line(at[2], "[rtmp stream: 'adv_stream'] Connecting to RTMP URL rtmp://live.example.com/app...")
			line(at[3], "[rtmp stream: 'adv_stream'] Connection to rtmp://live.example.com/app (203.0.113.40) successful")
			line(at[3], "Output 'adv_stream': Reconnected")
		}
	}
	line("20:17:14.203", "[rtmp stream: 'adv_stream'] User stopped the stream")
	line("20:17:14.208", "Output 'adv_stream': stopping")
	line("20:17:14.208", "Output 'adv_stream': Total frames output: 68631")
	line("20:17:14.208", "Output 'adv_stream': Total drawn frames: 68692 (69104 attempted)")
	line("20:17:14.208", "Output 'adv_stream': Number of lagged frames due to rendering lag/stalls: "+lagged)
	if bad {
		line("20:17:14.208", "Output 'adv_stream': Number of dropped frames due to insufficient bandwidth/connection stalls: "+dropped)
	}
	line("20:17:14.211", "==== Streaming Stop ================================================")
	if bad {
		line("20:17:14.260", "Video stopped, number of skipped frames due to encoding lag: "+skipped)
	}
	return b.String()
}

const azureEvents = `[
  {
    "topic": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/demo/providers/Microsoft.Media/mediaservices/demo",
    "subject": "/LiveEvents/concert",
    "eventType": "Microsoft.Media.LiveEventConnectionRejected",
    "id": "b303db59-d5c1-47eb-927a-3650875fded1",
    "eventTime": "2023-11-14T18:02:11.4410213Z",
    "data": {
      "streamId": "concert-main",
      "ingestUrl": "rtmp://concert-demo.channel.media.azure.net:1935/live/5f3bd00a8f5c4c1e8a60c8c45b0f1d77",
      "encoderIp": "198.51.100.23",
      "encoderPort": "53162",
      "resultCode": "MPE_INGEST_CODEC_NOT_SUPPORTED"
    },
    "dataVersion": "1.0",
    "metadataVersion": "1"
  },
  {
    "topic": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/demo/providers/Microsoft.Media/mediaservices/demo",
    "subject": "/LiveEvents/concert",
    "eventType": "Microsoft.Media.LiveEventEncoderDisconnected",
    "id": "e6b4a9c5-6f6a-4f6d-9a90-0e5d8f0d43f2",
    "eventTime": "2023-11-14T18:02:12.0028841Z",
    "data": {
      "streamId": "concert-main",
      "ingestUrl": "rtmp://concert-demo.channel.media.azure.net:1935/live/5f3bd00a8f5c4c1e8a60c8c45b0f1d77",
      "encoderIp": "198.51.100.23",
      "encoderPort": "53162",
      "resultCode": "MPE_CLIENT_TERMINATED_SESSION"
    },
    "dataVersion": "1.0",
    "metadataVersion": "1"
  }
]
`

const tencentCallback = `POST /hooks/live HTTP/1.1
Host: hooks.example.com
User-Agent: Tencent-Live-Callback
Content-Type: application/json

{"app":"push.example.com","appid":1250000000,"appname":"live","channel_id":"room-42","errcode":3,"errmsg":"recv rtmp deletestream","event_time":1794686531,"event_type":0,"height":1080,"node":"203.0.113.9","push_duration":"754210","sequence":"6674468118806626493","set_id":2,"sign":"7c4a8d09ca3762af61e59520943dc264","stream_id":"room-42","stream_param":"txSecret=0f1e2d3c4b5a69788796a5b4c3d2e1f0&txTime=6AF8D1B3","t":1794687131,"user_ip":"198.51.100.7","width":1920}
{"event_type":321,"appid":1250000000,"domain":"push.example.com","path":"live","stream_id":"room-42","user_ip":"198.51.100.7","data_time":1794686525000,"report_interval":5000,"sequence":"6674468118806626493","stream_param":"txSecret=0f1e2d3c4b5a69788796a5b4c3d2e1f0&txTime=6AF8D1B3","timeout":5000,"abnormal_event":[{"type":6,"event_key":"large_frame_interval","count":2,"customer_visible":1,"type_desc_en":"Video frame arrival interval too long","detail":[{"desc":"video frame arrive interval too long, interval=3046(msec)","occur_time":1794686522569},{"desc":"video frame arrive interval too long, interval=2210(msec)","occur_time":1794686524901}]}]}
`

// ffmpegScreen is a screenful of FFmpeg that encodes at half the speed it should.
func ffmpegScreen() string {
	var b strings.Builder
	b.WriteString(`$ ffmpeg -re -i concert.mp4 -c:v libx264 -preset slow -b:v 4500k -g 300 -c:a aac -b:a 128k -f flv rtmp://live.example.com/app/live_81d3f7c2aa9e4b55
ffmpeg version 6.1.1-3ubuntu5 Copyright (c) 2000-2023 the FFmpeg developers
  built with gcc 13 (Ubuntu 13.2.0-23ubuntu3)
Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'concert.mp4':
  Duration: 01:12:04.06, start: 0.000000, bitrate: 8204 kb/s
  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 1920x1080, 8010 kb/s, 50 fps, 50 tbr, 12800 tbn (default)
  Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp, 191 kb/s (default)
Stream mapping:
  Stream #0:0 -> #0:0 (h264 (native) -> h264 (libx264))
  Stream #0:1 -> #0:1 (aac (native) -> aac (native))
[libx264 @ 0x55d0c8a4f2c0] using cpu capabilities: MMX2 SSE2Fast SSSE3 SSE4.2 AVX FMA3 BMI2 AVX2
[libx264 @ 0x55d0c8a4f2c0] profile High, level 4.2, 4:2:0, 8-bit
Output #0, flv, to 'rtmp://live.example.com/app/live_81d3f7c2aa9e4b55':
  Stream #0:0(und): Video: h264 ([7][0][0][0] / 0x0007), yuv420p(tv, bt709, progressive), 1920x1080, q=2-31, 4500 kb/s, 50 fps, 1k tbn (default)
  Stream #0:1(und): Audio: aac (LC) ([10][0][0][0] / 0x000A), 48000 Hz, stereo, fltp, 128 kb/s (default)
`)
	for i := 1; i <= 24; i++ {
		s := i * 24
		fmt.Fprintf(&b, "frame=%5d fps= 24 q=28.0 size=%8dkB time=00:%02d:%02d.00 bitrate=4%d.%dkbits/s speed=0.48x    \r", s*24, s*270, s*48/100/60, s*48/100%60, 391+i%17, i%10)
	}
	b.WriteString(`
av_interleaved_write_frame(): Broken pipe
[out#0/flv @ 0x55d0c8a3e9c0] Error muxing a packet
[flv @ 0x55d0c8a40140] Failed to update header with correct duration.
[flv @ 0x55d0c8a40140] Failed to update header with correct filesize.
Error writing trailer of rtmp://live.example.com/app/live_81d3f7c2aa9e4b55: Broken pipe
frame=13824 fps= 24 q=-1.0 Lsize=  155520kB time=00:04:36.48 bitrate=4608.0kbits/s speed=0.48x
Error closing file rtmp://live.example.com/app/live_81d3f7c2aa9e4b55: Broken pipe
Conversion failed!
`)
	return b.String()
}
