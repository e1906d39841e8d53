package text_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-ego/gse"
	"pgregory.net/rapid"

	"jiesu/classifier/text"
)

func TestNormalizeFoldsWhatMeansTheSame(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"empty":               {"", ""},
		"full width":          {"ＡＢｃ　１２３！", "abc 0!"},
		"traditional":         {"瀋陽市政務服務", "沈阳市政务服务"},
		"amount":              {"货款5,386,400.50元", "货款0元"},
		"numbers apart":       {"3个窗口跑5趟", "0个窗口跑0趟"},
		"address":             {"见https://a.example/x?y=1，谢谢", "见url,谢谢"},
		"address without www": {"www.没有", "www.没有"},
		"spaces":              {"停电 \n\t 三天", "停电 三天"},
		"repeated marks":      {"没人管！！！！", "没人管!"},
		"repeated characters": {"哈哈哈", "哈哈哈"},
		"zero width":          {"拖\u200b欠\ufeff货款", "拖欠货款"},
		"emoji":               {"生气😡😡", "生气😡😡"},
		"invalid bytes":       {"拖\xff欠", "拖\ufffd欠"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := text.NewFolder().Normalize(c.in).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNormalizedKnowsTheOriginal(t *testing.T) {
	t.Parallel()
	in := "欠\u200b款５,386元 见 www.a.cn 吧"
	n := text.NewFolder().Normalize(in)
	runes := []rune(in)
	for _, c := range []struct{ part, want string }{{"欠款", "欠\u200b款"}, {"0元", "５,386元"}, {"url", "www.a.cn"}, {"吧", "吧"}} {
		at := strings.Index(n.String(), c.part)
		if at < 0 {
			t.Fatalf("%q is not in %q", c.part, n)
		}
		first := utf8.RuneCountInString(n.String()[:at])
		start, end := n.Original(first, first+utf8.RuneCountInString(c.part))
		if got := string(runes[start:end]); got != c.want {
			t.Errorf("%q came from %q, want %q", c.part, got, c.want)
		}
	}
}

func TestSegmentCutsKnownWords(t *testing.T) {
	t.Parallel()
	segmenter, err := text.NewSegmenter()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   string
		want []text.Token
	}{
		{"", nil},
		{"街道拖欠工程款", []text.Token{{Text: "街道", Start: 0, End: 2}, {Text: "拖欠", Start: 2, End: 4}, {Text: "工程款", Start: 4, End: 7}}},
		{"乱收费 踢皮球", []text.Token{{Text: "乱收费", Start: 0, End: 3}, {Text: " ", Start: 3, End: 4}, {Text: "踢皮球", Start: 4, End: 7}}},
		{"营业执照0天", []text.Token{{Text: "营业执照", Start: 0, End: 4}, {Text: "0", Start: 4, End: 5}, {Text: "天", Start: 5, End: 6}}},
		{"创新民营企业", []text.Token{{Text: "创新", Start: 0, End: 2}, {Text: "民营企业", Start: 2, End: 6}}},
		{"ppt😡停电", []text.Token{{Text: "ppt", Start: 0, End: 3}, {Text: "😡", Start: 3, End: 4}, {Text: "停电", Start: 4, End: 6}}},
	} {
		got := segmenter.Segment(c.in)
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v, want %v", c.in, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: token %d is %v, want %v", c.in, i, got[i], c.want[i])
			}
		}
	}
}

// The words are those that gse cuts: the model was trained on them.
func TestSegmentCutsAsGSEDoes(t *testing.T) {
	t.Parallel()
	segmenter, err := text.NewSegmenter()
	if err != nil {
		t.Fatal(err)
	}
	reference := gse.Segmenter{SkipLog: true, NotLoadHMM: true}
	for _, name := range []string{"dict/domain.txt", "dict/words.txt"} {
		words, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := reference.LoadDictStr(string(words)); err != nil {
			t.Fatal(err)
		}
	}
	pieces := []string{"街道", "拖欠", "工程", "款", "营业执照", "创新", "民营", "企业", "在", "了", "的", "a", "B2", "é", "٣", "½", "0", "%", ",", " ", "😡", "陽", "\ufffd", "中", "国"}
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(pieces), rapid.String())).Draw(t, "pieces"), "")
		in = strings.ToValidUTF8(in, "")
		var got, want []string
		for _, token := range segmenter.Segment(in) {
			got = append(got, token.Text)
		}
		for _, segment := range reference.Segment([]byte(in)) {
			want = append(want, in[segment.Start():segment.End()])
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: %q, gse cuts %q", in, got, want)
		}
	})
}

// check holds what must be true of any text at all.
func check(t interface{ Fatalf(string, ...any) }, folder *text.Folder, segmenter *text.Segmenter, in string) {
	n := folder.Normalize(in)
	once := n.String()
	if twice := folder.Normalize(once).String(); twice != once {
		t.Fatalf("normalising twice: %q became %q", once, twice)
	}
	if !utf8.ValidString(once) {
		t.Fatalf("normalised text is not UTF-8: %q", once)
	}
	if got, want := len(folder.Fold(in)), utf8.RuneCountInString(in); got != want {
		t.Fatalf("folding changed the number of characters from %d to %d", want, got)
	}
	var joined strings.Builder
	last, total := 0, utf8.RuneCountInString(in)
	for _, token := range segmenter.Segment(once) {
		joined.WriteString(token.Text)
		if string(n.Runes[token.Start:token.End]) != token.Text {
			t.Fatalf("token %v does not match its place in %q", token, once)
		}
		start, end := n.Original(token.Start, token.End)
		if start < last-1 || start >= end || end > total {
			t.Fatalf("token %v comes from [%d, %d) of %d characters, after %d", token, start, end, total, last)
		}
		last = end
	}
	if joined.String() != once {
		t.Fatalf("tokens joined are %q, not %q", joined.String(), once)
	}
}

func TestAnyTextKeepsItsPlaces(t *testing.T) {
	t.Parallel()
	folder := text.NewFolder()
	segmenter, err := text.NewSegmenter()
	if err != nil {
		t.Fatal(err)
	}
	pieces := []string{"拖欠", "ｗｗｗ．", "www.", "http", "https://", "a", "0", "５", ",", ".", "。", "！", " ", "\u3000", "\u200d", "\ufe0f", "👨‍👩‍👧", "\xff", "\xe6\xb2", "İ", "ß", "陽", "é", "\x00"}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 12).Draw(t, "pieces") {
			if rapid.Bool().Draw(t, "free") {
				b.WriteString(rapid.String().Draw(t, "string"))
			} else {
				b.WriteString(rapid.SampledFrom(pieces).Draw(t, "piece"))
			}
		}
		check(t, folder, segmenter, b.String())
	})
}

func FuzzAnyTextKeepsItsPlaces(f *testing.F) {
	for _, s := range []string{"", "欠５,386元 www.a.cn", "\xff\xfe", "a1。b２", "１.２.３", "httphttp://x"} {
		f.Add(s)
	}
	folder := text.NewFolder()
	segmenter, err := text.NewSegmenter()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) { check(t, folder, segmenter, s) })
}

func BenchmarkNewSegmenter(b *testing.B) {
	for b.Loop() {
		if _, err := text.NewSegmenter(); err != nil {
			b.Fatal(err)
		}
	}
}
