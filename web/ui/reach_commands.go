package ui

import (
	"strconv"
	"strings"
)

// RepeatLine is one line to type into a terminal.
type RepeatLine struct {
	ID    string
	Title string // what it is for
	Shell string // where it is typed
	Line  string
}

// commandsFor are the lines that repeat a probe from the customer's side. They
// are empty for a host that is no plain name or address.
func commandsFor(host, scheme string, port int, app string) []RepeatLine {
	if !plainHost(host) || port == 0 {
		return nil
	}
	p := strconv.Itoa(port)
	bracketed := host
	if strings.Contains(host, ":") {
		bracketed = "[" + host + "]"
	}
	if !plainApp(app) {
		app = "APP"
	}
	name := ""
	if !strings.Contains(host, ":") && strings.Trim(host, "0123456789.") != "" {
		name = " -servername " + host
	}
	var list []RepeatLine
	for _, l := range repeatLines {
		if l.ID == "openssl" && scheme != "rtmps" {
			continue
		}
		for _, put := range [...][2]string{{"HOST", host}, {"PORT", p}, {"AUTHORITY", bracketed + ":" + p}, {"NAME", name}, {"URL", scheme + "://" + bracketed + ":" + p + "/" + app}} {
			l.Line = strings.ReplaceAll(l.Line, "$"+put[0], put[1])
		}
		list = append(list, l)
	}
	return list
}

var repeatLines = []RepeatLine{
	{"nc", "Is the port open?", "Linux", "nc -vz -w 5 $HOST $PORT"},
	{"nc-mac", "Is the port open?", "macOS", "nc -vz -G 5 $HOST $PORT"},
	{"tnc", "Is the port open?", "Windows, PowerShell", "Test-NetConnection -ComputerName $HOST -Port $PORT"},
	{"openssl", "Is the encryption in order?", "Linux, macOS, Git Bash on Windows", "openssl s_client -connect $AUTHORITY$NAME -verify_return_error </dev/null"},
	{"self", "The same ladder as here, from your own machine", "where Ingest Doctor's program is", "ingestdoctor probe $URL"},
	{
		"ffmpeg", "Does a push get through? It sends 15 s of test picture under your key.", "Linux, macOS",
		"ffmpeg -re -f lavfi -i testsrc2=size=640x360:rate=30 -f lavfi -i anullsrc=r=48000:cl=stereo -t 15 -c:v libx264 -pix_fmt yuv420p -g 60 -b:v 500k -c:a aac -f flv '$URL/YOUR_KEY'",
	},
}

// plainHost reports whether a host may stand in a command as it is.
func plainHost(host string) bool {
	return host != "" && host[0] != '-' && strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_") == ""
}
