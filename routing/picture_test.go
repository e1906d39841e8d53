package routing

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

// planted is what a telephone writes into a picture and nobody is to read.
const planted = "GPS 41.8057N 123.4315E iPhone of Zhao"

// photo is a picture of two halves, the left red and the right blue, that a camera marks as to be turned so.
func photo(t testing.TB, how byte) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			c := color.RGBA{R: 255, A: 255}
			if x >= 32 {
				c = color.RGBA{B: 255, A: 255}
			}
			picture.Set(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), how, 0, 0, 0, 0, 0, 0)
	exif = append(exif, planted...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return append(append(append([]byte{0xff, 0xd8}, segment...), exif...), append(out.Bytes()[2:], planted...)...)
}

func TestAPictureTellsOnlyWhatIsSeenInIt(t *testing.T) {
	t.Parallel()
	red, blue := image.Pt(0, 0), image.Pt(0, 0)
	for how, want := range map[byte]struct{ red, blue image.Point }{
		0: {image.Pt(5, 5), image.Pt(60, 5)}, 1: {image.Pt(5, 5), image.Pt(60, 5)}, 2: {image.Pt(60, 5), image.Pt(5, 5)}, 3: {image.Pt(60, 5), image.Pt(5, 5)},
		4: {image.Pt(5, 5), image.Pt(60, 5)}, 5: {image.Pt(5, 5), image.Pt(5, 60)}, 6: {image.Pt(5, 5), image.Pt(5, 60)}, 7: {image.Pt(5, 60), image.Pt(5, 5)}, 8: {image.Pt(5, 60), image.Pt(5, 5)},
	} {
		out, err := CleanPicture(photo(t, how), "image/jpeg")
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out, []byte("Exif")) || bytes.Contains(out, []byte("GPS")) || bytes.Contains(out, []byte("Zhao")) {
			t.Errorf("turned %d: something is left", how)
		}
		p, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		red, blue = want.red, want.blue
		if r, _, b, _ := p.At(red.X, red.Y).RGBA(); r < 0xc000 || b > 0x4000 {
			t.Errorf("turned %d: %v is not red (%v)", how, red, p.Bounds())
		}
		if r, _, b, _ := p.At(blue.X, blue.Y).RGBA(); b < 0xc000 || r > 0x4000 {
			t.Errorf("turned %d: %v is not blue (%v)", how, blue, p.Bounds())
		}
	}
}

func TestOtherKindsOfPictures(t *testing.T) {
	t.Parallel()
	picture := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Black, color.White})
	var asPNG, asGIF bytes.Buffer
	if err := errors.Join(png.Encode(&asPNG, picture), gif.Encode(&asGIF, picture, nil)); err != nil {
		t.Fatal(err)
	}
	text := append([]byte("tEXtComment\x00"), planted...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(text)-4))
	chunk = append(append(chunk, text...), 0, 0, 0, 0)
	withText := append(append(bytes.Clone(asPNG.Bytes()[:33]), chunk...), asPNG.Bytes()[33:]...)
	binary.BigEndian.PutUint32(withText[33+len(chunk)-4:], crc(text))
	webp := []byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x2c\x00\x00\x00\x00\x00\x00\x00\x00\x00VP8L\x02\x00\x00\x00\x2f\x00EXIF\x26\x00\x00\x00" + planted + ".")
	for contentType, content := range map[string][]byte{"image/png": withText, "image/gif": append(asGIF.Bytes(), planted...), "image/webp": webp} {
		if !bytes.Contains(content, []byte(planted)) {
			t.Fatalf("%s: nothing is planted", contentType)
		}
		out, err := CleanPicture(content, contentType)
		if err != nil || bytes.Contains(out, []byte("GPS")) || len(out) < 20 {
			t.Errorf("%s: %d bytes, %v", contentType, len(out), err)
		}
	}
	if out, err := CleanPicture([]byte("%PDF-1.7"), "application/pdf"); err != nil || string(out) != "%PDF-1.7" {
		t.Errorf("a document: %q, %v", out, err)
	}
}

func TestAPictureThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	bomb := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x00\x00\x00\x00")
	bomb = binary.BigEndian.AppendUint32(bomb, crc(bomb[12:]))
	for name, content := range map[string][]byte{"cut": photo(t, 1)[:200], "empty": {}, "a script": []byte("<script>"), "too large": bomb} {
		for contentType := range pictureTypes {
			var unfit *InvalidError
			if _, err := CleanPicture(content, contentType); !errors.As(err, &unfit) {
				t.Errorf("%s as %s: %v", name, contentType, err)
			}
		}
	}
}

func FuzzPictureKeepsNothingHidden(f *testing.F) {
	f.Add(photo(f, 6), "image/jpeg")
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8L\x02\x00\x00\x00\x2f\x00"), "image/webp")
	f.Add([]byte("\x89PNG\r\n\x1a\n"), "image/png")
	f.Add([]byte("GIF89a"), "image/gif")
	f.Fuzz(func(t *testing.T, content []byte, contentType string) {
		if len(content) > 1<<16 {
			return
		}
		out, err := CleanPicture(content, contentType)
		if _, picture := pictureTypes[contentType]; !picture || err != nil {
			return
		}
		if contentType != "image/webp" && bytes.Contains(out, []byte("Exif\x00\x00")) {
			t.Error("EXIF is left")
		}
		if again, err := CleanPicture(out, contentType); err != nil || len(again) == 0 {
			t.Errorf("what came out can't be read: %v", err)
		}
	})
}

// crc is PNG's checksum.
func crc(b []byte) uint32 {
	c := ^uint32(0)
	for _, x := range b {
		c ^= uint32(x)
		for range 8 {
			if c&1 == 1 {
				c = c>>1 ^ 0xedb88320
			} else {
				c >>= 1
			}
		}
	}
	return ^c
}
