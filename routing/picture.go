package routing

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
)

const (
	// mostPixels bounds what a small file may unfold to in memory: some 50 million points, more than telephones' cameras have in their usual mode.
	mostPixels = 52_000_000
	// pictureQuality keeps small print on a photographed contract readable.
	pictureQuality = 90
)

// CleanPicture draws a picture anew, so that only what can be seen in it is left: where it was taken, with whose telephone and when, earlier versions and
// whatever else hides in a file are gone. One that a camera marked as turned is turned. Other content comes back as it is: see pictureTypes.
// Error: *InvalidError for what can't be read as what it says it is, or unfolds to too much.
func CleanPicture(content []byte, contentType string) ([]byte, error) {
	clean, ok := pictureTypes[contentType]
	if !ok {
		return content, nil
	}
	out, err := clean(content)
	if err != nil {
		return nil, invalid("files", "error.evidence_broken")
	}
	return out, nil
}

// pictureTypes are the kinds of pictures that come, by content type.
var pictureTypes = map[string]func([]byte) ([]byte, error){
	"image/jpeg": cleanJPEG, "image/png": cleanPNG, "image/gif": cleanGIF, "image/webp": cleanWebP,
}

// withinMeasure looks at a picture's size before it is unfolded.
func withinMeasure(content []byte, read func([]byte) (image.Config, error)) error {
	c, err := read(content)
	if err == nil && (c.Width <= 0 || c.Height <= 0 || c.Width > mostPixels/c.Height) {
		err = image.ErrFormat
	}
	return err
}

func cleanJPEG(content []byte) ([]byte, error) {
	if err := withinMeasure(content, func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) }); err != nil {
		return nil, err
	}
	picture, err := jpeg.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, turned(picture, orientation(content)), &jpeg.Options{Quality: pictureQuality})
	return out.Bytes(), err
}

func cleanPNG(content []byte) ([]byte, error) {
	if err := withinMeasure(content, func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) }); err != nil {
		return nil, err
	}
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, picture)
	return out.Bytes(), err
}

func cleanGIF(content []byte) ([]byte, error) {
	if err := withinMeasure(content, func(b []byte) (image.Config, error) { return gif.DecodeConfig(bytes.NewReader(b)) }); err != nil {
		return nil, err
	}
	picture, err := gif.Decode(bytes.NewReader(content)) // the first frame: evidence doesn't move, and frames unfold without end
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = gif.Encode(&out, picture, nil)
	return out.Bytes(), err
}

// cleanWebP keeps the chunks that are drawn: this program has no writer of WebP (RIFF container, RFC 9649).
func cleanWebP(content []byte) ([]byte, error) {
	if len(content) < 12 || string(content[:4]) != "RIFF" || string(content[8:12]) != "WEBP" {
		return nil, image.ErrFormat
	}
	out, rest, drawn := append([]byte(nil), content[:12]...), content[12:], false
	for len(rest) >= 8 {
		name, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:8]))
		whole := 8 + size + size%2
		if whole > int64(len(rest)) {
			return nil, image.ErrFormat
		}
		chunk := rest[:whole]
		rest = rest[whole:]
		switch name {
		case "VP8X":
			chunk = bytes.Clone(chunk)
			if size > 0 {
				chunk[8] &^= 0x2c // no profile, EXIF nor XMP follows
			}
		case "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF":
			drawn = drawn || name != "ALPH" && name != "ANIM"
		default:
			continue
		}
		out = append(out, chunk...)
	}
	if !drawn {
		return nil, image.ErrFormat
	}
	binary.LittleEndian.PutUint32(out[4:8], uint32(len(out)-8)) //nolint:gosec // shorter than what came
	return out, nil
}

// orientation is how a camera says that a JPEG is to be turned (EXIF tag 0x0112, 1 to 8); 1 when it doesn't.
func orientation(content []byte) int {
	rest := content[min(2, len(content)):]
	for len(rest) >= 4 && rest[0] == 0xff {
		kind, size := rest[1], int(binary.BigEndian.Uint16(rest[2:4]))
		if size < 2 || size+2 > len(rest) || kind == 0xda {
			return 1
		}
		if body := rest[4 : size+2]; kind == 0xe1 && strings.HasPrefix(string(body[:min(6, len(body))]), "Exif\x00\x00") {
			return tiffOrientation(body[6:])
		}
		rest = rest[size+2:]
	}
	return 1
}

func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if b[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(b[4:8]))
	if at+2 > int64(len(b)) {
		return 1
	}
	for i := range int64(order.Uint16(b[at : at+2])) {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(b)) {
			return 1
		}
		if order.Uint16(b[entry:entry+2]) == 0x0112 {
			if v := int(order.Uint16(b[entry+8 : entry+10])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}

// turned draws a picture the way its camera meant it.
func turned(p image.Image, how int) image.Image {
	if how == 1 {
		return p
	}
	from := p.Bounds()
	w, h := from.Dx(), from.Dy()
	flat := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(flat, flat.Bounds(), p, from.Min, draw.Src)
	size := image.Rect(0, 0, w, h)
	if how >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewNRGBA(size)
	for y := range h {
		for x := range w {
			i, j := x, y
			switch how {
			case 2:
				i = w - 1 - x
			case 3:
				i, j = w-1-x, h-1-y
			case 4:
				j = h - 1 - y
			case 5:
				i, j = y, x
			case 6:
				i, j = h-1-y, x
			case 7:
				i, j = h-1-y, w-1-x
			case 8:
				i, j = y, w-1-x
			}
			out.SetNRGBA(i, j, color.NRGBA(flat.NRGBAAt(x, y)))
		}
	}
	return out
}
