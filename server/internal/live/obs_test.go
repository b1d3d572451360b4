package live_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ingestdoctor/server/internal/live"
)

// What OBS has to find below its home so that it asks nothing and streams at
// once: a profile, a service, a scene with a film in it, and a script that ends the
// stream, since a signal would end OBS without a word.
const (
	obsGlobal = `[General]
FirstRun=true
EnableAutoUpdates=false
[Basic]
Profile=Test
ProfileDir=Test
SceneCollection=Test
SceneCollectionFile=Test
[BasicWindow]
SysTrayEnabled=true
WarnBeforeStoppingStream=false
`
	obsProfile = `[General]
Name=Test
[Output]
Mode=Simple
[SimpleOutput]
VBitrate=800
ABitrate=96
StreamEncoder=x264
Preset=ultrafast
UseAdvanced=true
x264Settings=keyint=60
[Video]
BaseCX=640
BaseCY=360
OutputCX=640
OutputCY=360
FPSType=0
FPSCommon=30
[Audio]
SampleRate=44100
ChannelSetup=Stereo
`
	obsScene = `{"name":"Test","current_scene":"Scene","current_program_scene":"Scene","scene_order":[{"name":"Scene"}],
"sources":[{"id":"scene","versioned_id":"scene","name":"Scene","settings":{"id_counter":1,"items":[{"name":"Film","id":1,"visible":true,"scale":{"x":1.0,"y":1.0},"align":5}]}},
{"id":"ffmpeg_source","versioned_id":"ffmpeg_source","name":"Film","mixers":255,"volume":1.0,"settings":{"local_file":%q,"is_local_file":true,"looping":true}}],
"modules":{"scripts-tool":[{"path":%q,"settings":{}}]}}`
	obsScript = `obs = obslua
function stop()
	obs.timer_remove(stop)
	obs.obs_frontend_streaming_stop()
end
function script_load(settings)
	obs.obs_frontend_add_event_callback(function(event)
		if event == obs.OBS_FRONTEND_EVENT_STREAMING_STARTED then obs.timer_add(stop, 5000) end
	end)
end
`
)

// OBS without a window pushes for five seconds. make test-obs runs it: OBS, its
// libraries and Xvfb take 65 MB.
func TestOBS(t *testing.T) {
	if os.Getenv("INGESTDOCTOR_OBS") == "" {
		t.Skip("OBS is pushed from by make test-obs, which installs it")
	}
	t.Parallel()
	obs := need(t, "obs", "obs-studio")
	home := t.TempDir()
	r := newRig(t, live.Config{Goodbye: 200 * time.Millisecond})
	s := r.session(t, live.Request{})
	write := func(text string, path ...string) string {
		t.Helper()
		name := filepath.Join(append([]string{home}, path...)...)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	script := write(obsScript, "stop.lua")
	write(obsGlobal, ".config", "obs-studio", "global.ini")
	write(obsProfile, ".config", "obs-studio", "basic", "profiles", "Test", "basic.ini")
	write(fmt.Sprintf(`{"type":"rtmp_custom","settings":{"server":%q,"key":%q,"use_auth":false}}`, s.server(), s.Key),
		".config", "obs-studio", "basic", "profiles", "Test", "service.json")
	film := filepath.Join(home, "film.mkv")
	if err := begin(t, need(t, "ffmpeg", "ffmpeg"), append(ffmpeg("", 30, 10, "-s 640x360 -c:v mpeg4 -c:a pcm_s16le -ac 2"), film)...).wait(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	write(fmt.Sprintf(obsScene, film, script), ".config", "obs-studio", "basic", "scenes", "Test.json")
	write("", "run", "empty")

	e := beginWith(t, func(cmd *exec.Cmd) {
		cmd.Dir = home
		// no graphics card and no screen: Mesa draws
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "XDG_RUNTIME_DIR="+filepath.Join(home, "run"),
			"DISPLAY="+display(t), "LIBGL_ALWAYS_SOFTWARE=1", "QT_QPA_PLATFORM=xcb", "LC_ALL=C.UTF-8")
	}, obs, "--startstreaming", "--collection", "Test", "--profile", "Test", "--scene", "Scene", "--minimize-to-tray", "--multi", "--disable-updater")
	s.await("OBS", 60*time.Second, func(v live.Snapshot) bool { return v.State != live.Waiting })
	v := s.ended()
	e.signal(syscall.SIGTERM)
	if v.End != live.EndedFinished || len(v.Connections) != 1 {
		t.Fatalf("the session ended %q with %d connections\n%s\n%s", v.End, len(v.Connections), entries(v), e.out)
	}
	c, report := v.Connections[0], parse(t, v.Report)
	if grave, infos := found(report); len(grave)+len(infos) > 0 {
		t.Errorf("found %v %v\n%s", grave, infos, tell(report))
	}
	if got, want := describe(report), "H.264 Constrained Baseline 3.0 640x360 30 fps, "+stereo; got != want {
		t.Errorf("media %q, want %q", got, want)
	}
	if !strings.HasPrefix(c.Client, "OBS") || !strings.HasPrefix(c.FlashVer, "FMLE/3.0 (compatible; FMSc/1.0)") {
		t.Errorf("client %q, flashVer %q", c.Client, c.FlashVer)
	}
	if !slices.ContainsFunc(v.Entries, func(e live.Entry) bool { return e.Name == "deleteStream" }) {
		t.Errorf("OBS did not say goodbye\n%s", entries(v))
	}
	s.sameAsFile(t, report, "")
	t.Logf("client %q, handshake %s, first media after %d ms, first key frame after %d ms, %d ms of media\n%s",
		c.Client, c.Handshake, c.FirstData, c.FirstKey, report.Media.DurationMS, entries(v))
}

// display starts a screen in memory and gives its name.
func display(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	beginWith(t, func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{w} },
		need(t, "Xvfb", "xvfb"), "-displayfd", "3", "-screen", "0", "640x480x24", "-nolisten", "tcp")
	w.Close()
	_ = r.SetDeadline(time.Now().Add(20 * time.Second))
	n, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb does not say its display: %v", err)
	}
	return ":" + strings.TrimSpace(n)
}
