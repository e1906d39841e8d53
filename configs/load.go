package configs

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Load returns Default, overlaid with the YAML file at path (none if empty), overlaid with environ ("NAME=value", as os.Environ
// gives it). An unknown key of the file is an error that names key and line; an empty variable counts as not set; every secret can
// also come from the file that NAME_FILE names. Load doesn't judge the values: call Validate.
func Load(path string, environ []string) (Config, error) {
	c := Default()
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("read config: %w", err)
		}
		if err := applyFile(&c, text); err != nil {
			return Config{}, fmt.Errorf("read config %s:\n%w", path, err)
		}
	}
	if err := overlay(&c, environ); err != nil {
		return Config{}, fmt.Errorf("read environment:\n%w", err)
	}
	return c, nil
}

// overlay applies the environment and reports every bad variable at once. Names that it doesn't know are left alone: others use
// the prefix too (a cluster sets JIESU_PORT beside a service called jiesu).
func overlay(c *Config, environ []string) error {
	env := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && value != "" && strings.HasPrefix(name, envPrefix) {
			env[name] = value
		}
	}
	var problems []error
	for _, k := range keys(c) {
		text, err := k.lookup(env)
		if err == nil && text != "" {
			err = k.set(text)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// lookup returns the setting's text in env, or for a secret the content of the file that NAME_FILE names.
func (k key) lookup(env map[string]string) (string, error) {
	path := env[k.env+"_FILE"]
	if !k.secret() || path == "" {
		return env[k.env], nil
	}
	if env[k.env] != "" {
		return "", k.problem("set this or " + k.env + "_FILE, not both")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s (%s_FILE): %w", k.path, k.env, err)
	}
	return string(text), nil
}
