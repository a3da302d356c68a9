// benchtool: what the benchmark needs beside its two subjects. `serve` is the simulated API server; `load`, `churn` and `mark`
// work on it and on a real one alike.
package main

import (
	"bytes"
	"fmt"
	"os"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchtool:", err)
		os.Exit(1)
	}
}

func trimNewline(text []byte) []byte { return bytes.TrimSuffix(text, []byte("\n")) }

func main() {
	commands := map[string]func([]string){"serve": serve, "load": load, "churn": churn, "mark": mark}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "benchtool serve|load|churn|mark [OPTIONS]")
		os.Exit(2)
	}
	commands[os.Args[1]](os.Args[2:])
}
