package classifier_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-ego/gse"

	"jiesu/classifier"
	"jiesu/classifier/text"
)

// sample is a text of so many characters, as a complainant may write it.
func sample(characters int) string {
	const short = `我公司在铁西区，去年3月28日开工，街道欠工程款36万元，联系人：王建国，13800001234。` + matter
	return string([]rune(strings.Repeat(short+story, 1+characters/300))[:characters])
}

// BenchmarkClassify tells the time of a whole judgement, and how many times that of cutting the same text's words it is.
func BenchmarkClassify(b *testing.B) {
	m, folder := embedded(b), text.NewFolder()
	segmenter, err := text.NewSegmenter()
	if err != nil {
		b.Fatal(err)
	}
	for _, characters := range []int{50, 150, 1000, 10000} {
		b.Run(fmt.Sprintf("characters=%d", characters), func(b *testing.B) {
			s := sample(characters)
			normalized := folder.Normalize(s).String()
			b.ReportAllocs()
			for b.Loop() {
				m.Classify(s)
			}
			whole := b.Elapsed().Seconds() / float64(b.N)
			b.StopTimer()
			start := time.Now()
			for range b.N {
				segmenter.Segment(normalized)
			}
			words := time.Since(start).Seconds() / float64(b.N)
			b.ReportMetric(whole*1e6, "µs/judgement")
			b.ReportMetric(words*1e6, "µs/segmentation")
			b.ReportMetric(whole/words, "segmentations/judgement")
		})
	}
}

// BenchmarkSegment compares our search of the shortest path with gse's own over its default dictionary.
func BenchmarkSegment(b *testing.B) {
	s := text.NewFolder().Normalize(sample(150)).String()
	b.Run("ours", func(b *testing.B) {
		segmenter, err := text.NewSegmenter()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			segmenter.Segment(s)
		}
	})
	b.Run("gse", func(b *testing.B) {
		segmenter, err := gseDefault()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			segmenter.Segment([]byte(s))
		}
	})
}

// gseDefault loads the simplified Chinese dictionary that comes with gse. Only tests do: the binary must not hold it.
func gseDefault() (*gse.Segmenter, error) {
	s := &gse.Segmenter{SkipLog: true, NotLoadHMM: true}
	return s, s.LoadDictEmbed("zh_s")
}

// BenchmarkLoad compares our dictionary and model, together, with gse's default dictionary alone.
func BenchmarkLoad(b *testing.B) {
	tax := taxonomy(b)
	b.Run("ours", func(b *testing.B) {
		load(b, func() (*classifier.Model, error) { return classifier.Embedded(tax) })
	})
	b.Run("gse", func(b *testing.B) { load(b, gseDefault) })
}

func load[T any](b *testing.B, one func() (T, error)) {
	before := heap()
	b.ReportAllocs()
	var loaded T
	for b.Loop() {
		var err error
		if loaded, err = one(); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(heap()-before)/(1<<20), "MiB-held")
	runtime.KeepAlive(loaded)
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what a pool held the first time
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// BenchmarkThroughput tells how many texts of 150 characters are judged a second.
func BenchmarkThroughput(b *testing.B) {
	m, s := embedded(b), sample(150)
	for _, cores := range []int{1, 2} {
		b.Run(fmt.Sprintf("cores=%d", cores), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					m.Classify(s)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}
