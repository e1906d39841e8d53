package sandbox

import (
	"bytes"
	"time"
)

// amrFrame is how much sound a frame of AMR holds.
const amrFrame = 20 * time.Millisecond

// Sizes of AMR frames in bytes, the header's one included, by the frame type in it (RFC 4867, 5.3); 0: not in use.
var (
	narrowFrames = [16]int{13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1}
	wideFrames   = [16]int{18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1}
)

// SampleVoice is a silent voice message in AMR of this length: 50 frames of 13 bytes a second at 4.75 kbit/s.
func SampleVoice(length time.Duration) []byte {
	frame := append([]byte{0x04}, make([]byte, 12)...)
	return append([]byte("#!AMR\n"), bytes.Repeat(frame, int(length/amrFrame))...)
}

// voiceSeconds is how long a voice in AMR lasts, rounded up; 0 when that can't be told.
func voiceSeconds(content []byte) int {
	sizes := narrowFrames
	rest, ok := bytes.CutPrefix(content, []byte("#!AMR\n"))
	if !ok {
		if rest, ok = bytes.CutPrefix(content, []byte("#!AMR-WB\n")); !ok {
			return 0
		}
		sizes = wideFrames
	}
	frames := 0
	for len(rest) > 0 {
		size := sizes[rest[0]>>3&0xf]
		if size == 0 || size > len(rest) {
			break
		}
		rest, frames = rest[size:], frames+1
	}
	return int((time.Duration(frames)*amrFrame + time.Second - 1) / time.Second)
}
