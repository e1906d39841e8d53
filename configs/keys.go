package configs

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// key is one scalar setting, under both of its names.
type key struct {
	path  string // in the file: wechat.app_id
	env   string // in the environment: JIESU_WECHAT_APP_ID
	value reflect.Value
}

const envPrefix = "JIESU_"

var (
	secretType   = reflect.TypeFor[Secret]()
	durationType = reflect.TypeFor[time.Duration]()
)

// keys lists every scalar setting of c, in the order of the struct. Setting a key's value changes c. Maps (templates) have no
// environment name: their entries are too many and too structured for one variable.
func keys(c *Config) []key { return walk(nil, reflect.ValueOf(c).Elem(), "") }

func walk(list []key, v reflect.Value, prefix string) []key {
	for i := range v.NumField() {
		path := prefix + v.Type().Field(i).Tag.Get("yaml")
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			list = walk(list, f, path+".")
		case reflect.Map:
		default:
			list = append(list, key{path, envName(path), f})
		}
	}
	return list
}

func envName(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

func (k key) secret() bool { return k.value.Type() == secretType }

// set parses text into the setting. The error says what was expected and never repeats the text: it may be a secret that went to
// the wrong key.
func (k key) set(text string) error {
	switch {
	case k.secret(): // without the line end that editors leave in a file
		k.value.SetString(strings.TrimRight(text, "\r\n"))
	case k.value.Type() == durationType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return k.problem("must be a duration such as 30m or 4500ms")
		}
		k.value.SetInt(int64(d))
	case k.value.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return k.problem("must be true or false")
		}
		k.value.SetBool(b)
	case k.value.CanFloat():
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) {
			return k.problem("must be a number such as 0.03")
		}
		k.value.SetFloat(f)
	case k.value.CanInt():
		n, err := strconv.ParseInt(text, 10, k.value.Type().Bits())
		if err != nil {
			return k.problem("must be a whole number")
		}
		k.value.SetInt(n)
	default:
		k.value.SetString(text)
	}
	return nil
}

func (k key) problem(rule string) error { return &Problem{Key: k.path, Env: k.env, Rule: rule} }

// Problem is one setting that breaks a rule. Its text names the setting as both file and environment call it, and never its value.
type Problem struct {
	Key  string // path in the file, e.g. wechat.aes_key
	Env  string // environment name; empty for a setting that only the file has
	Rule string // what the value must be
}

// Error names the key and the rule.
func (p *Problem) Error() string {
	if p.Env == "" {
		return fmt.Sprintf("%s: %s", p.Key, p.Rule)
	}
	return fmt.Sprintf("%s (%s): %s", p.Key, p.Env, p.Rule)
}
