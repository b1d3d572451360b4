package probe

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"ingestdoctor/server/internal/listen"
	"ingestdoctor/server/internal/live"
)

// The ladder has nothing to say against the ports that we open ourselves.
func TestOwnPorts(t *testing.T) {
	t.Parallel()
	root, certs := sorts(t)
	cert, key := certs["good"].files(t)
	l, err := listen.Open(listen.Config{Addrs: []string{"127.0.0.1:0"}, CertFile: cert, KeyFile: key})
	if err != nil {
		t.Fatal(err)
	}
	hub := live.New(live.Config{Goodbye: 200 * time.Millisecond})
	l.Serve(listen.Handlers{RTMP: hub.Serve})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := hub.Close(ctx); err != nil {
			t.Errorf("the hub does not close: %v", err)
		}
		l.Close(ctx)
	})
	made, err := hub.Create(live.Request{}, netip.MustParsePrefix("127.0.0.1/32"))
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d/%s", l.Ports()[0], made.App)
	t.Run("all", func(t *testing.T) {
		p := realProber(root.pool())
		for _, tt := range []real{
			{name: "good", url: "rtmp://" + addr, stage: Connect, state: OK, saw: "NetConnection.Connect.Success"},
			{name: "TLS", url: "rtmps://" + addr, stage: Connect, state: OK},
			{
				name: "wrong key", url: "rtmp://" + addr, key: "wrongkey1", publish: true, stage: Publish, state: Failed,
				rule: "probe-publish-rejected", args: map[string]string{"code": "NetStream.Publish.BadName"},
			},
			{name: "good, publish", url: "rtmp://" + addr + "/" + made.Key, publish: true, stage: Publish, state: OK, saw: "NetStream.Publish.Start"},
		} {
			tt.run(t, p)
		}
		t.Run("Enhanced RTMP", func(t *testing.T) {
			t.Parallel()
			r := probeIt(t, p, Request{Target: "rtmp://" + addr, Enhanced: true})
			if len(r.Findings) > 0 || rungOf(t, r, Connect).State != OK {
				t.Errorf("connect is %s, found %q", rungOf(t, r, Connect).State, messages(r))
			}
		})
	})
}
