// Command jiesu is the whole product in one binary: see the help of each subcommand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"jiesu/configs"
)

// version is set by the linker.
var version = "dev"

func main() { process(clock) }

// process is the whole life of the program.
func process(now func() time.Time) {
	// Two libraries that write past our log: a line for every route, and one for every failed connection, which comes back as an error.
	gin.SetMode(gin.ReleaseMode)
	redis.SetLogger(silence{})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], world{os.Environ(), os.Stdin, os.Stdout, os.Stderr, now}))
}

// silence is a log that nobody reads.
type silence struct{}

// Printf writes nothing.
func (silence) Printf(context.Context, string, ...any) {}

// world is what a command may touch of the process it runs in.
type world struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time // the time for a server; nil: this machine's
}

// commands is the command line. Each field is a subcommand with a Run method in a file of its own.
type commands struct {
	Config string `short:"c" type:"path" help:"Configuration file (YAML); the environment overrides it." env:"JIESU_CONFIG"`

	Demo     demoCommand     `cmd:"" help:"Run the whole product with sample data and a WeChat sandbox; nothing else is needed."`
	Serve    serveCommand    `cmd:"" help:"Run the product."`
	Classify classifyCommand `cmd:"" help:"Classify texts: JSON Lines {id,text} or plain lines in, JSON Lines out."`
	Train    trainCommand    `cmd:"" help:"Train a model on a corpus folder (JSON Lines) or a label<TAB>text file."`
	Eval     evalCommand     `cmd:"" help:"Evaluate a model on a corpus folder or a label<TAB>text file."`
	Feedback feedbackCommand `cmd:"" help:"Write what people decided otherwise as rows to train on."`
	Sample   sampleCommand   `cmd:"" help:"Draw answered cases for evaluation by a third party, without personal data, as a spreadsheet."`
	Import   importCommand   `cmd:"" help:"File work orders of the hotline from a workbook or CSV file."`
	Report   reportCommand   `cmd:"" help:"Write the papers of a week, a month or a quarter as pages to print and workbooks."`
	User     userCommand     `cmd:"" help:"Accounts of the console."`
	Key      keyCommand      `cmd:"" help:"Keys of the REST API."`
	Rotate   rotateCommand   `cmd:"" help:"Seal all personal data with a new key, beside running servers."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database to this binary's version."`
	WeChat   wechatCommand   `cmd:"" name:"wechat" help:"The official account."`
	Bench    benchCommand    `cmd:"" help:"Measure the product on this machine, each figure beside something measured in the same run."`
	Audit    auditCommand    `cmd:"" help:"Whether the database holds what the program wrote."`
	Backup   backupCommand   `cmd:"" help:"Copy a SQLite database while it is in use."`
	Restore  restoreCommand  `cmd:"" help:"Put a backup in the place of the SQLite database."`
	Ring     ringCommand     `cmd:"" help:"Play a call centre: tell a running server of one telephone call."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// run parses the arguments, runs one command and returns the exit code: 0 done, 1 failed, 2 wrong usage.
func run(ctx context.Context, args []string, w world) int {
	var cli commands
	exited := false
	parser, err := kong.New(&cli, kong.Name("jiesu"), kong.UsageOnError(), kong.Writers(w.stdout, w.stderr),
		kong.Description("Complaint intake for a city's business-environment office."),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(w),
		kong.Exit(func(int) { exited = true }))
	if err != nil {
		fmt.Fprintln(w.stderr, "jiesu:", err)
		return 2
	}
	cmd, err := parser.Parse(args)
	if exited { // --help has been printed
		return 0
	}
	if err != nil {
		fmt.Fprintln(w.stderr, "jiesu:", err)
		return 2
	}
	load := func(mode configs.Mode) (configs.Config, error) { return loadConfig(cli.Config, w.environ, mode) }
	if err := cmd.Run(loader(load)); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(w.stderr, "jiesu:", oneLine(err))
		return 1
	}
	return 0
}

// loader reads and validates the configuration; only commands that need one call it.
type loader func(configs.Mode) (configs.Config, error)

func loadConfig(path string, environ []string, mode configs.Mode) (configs.Config, error) {
	cfg, err := configs.Load(path, environ)
	if err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate(mode)
}

// oneLine keeps a refusal to start on one line of the log, however many things are wrong.
func oneLine(err error) string {
	text := strings.ReplaceAll(strings.TrimSpace(err.Error()), ":\n", ": ")
	return strings.ReplaceAll(text, "\n", "; ")
}

type versionCommand struct{}

func (versionCommand) Run(w world) error {
	_, err := fmt.Fprintln(w.stdout, "jiesu", version)
	return err
}

func clock() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
