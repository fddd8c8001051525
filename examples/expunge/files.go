package main

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// readFile reads the file of a flag or argument.
func readFile(what, path string) ([]byte, error) {
	if path == "" {
		return nil, badUsage("%s is required", what)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", what, err)}
	}
	return data, nil
}

// checkReadable checks whether a file can be opened, without reading it.
func checkReadable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// readPolicy reads the file of --policy, and adds the file's name to its problems.
func readPolicy(cmd *cli.Command) (*policy.Policy, error) { return readPolicyBy(cmd, policy.Parse) }

// asFlag chooses between the policy's kinds of subject.
func asFlag() cli.Flag {
	return &cli.StringFlag{Name: "as", Usage: "`KIND` of subject, where the policy has several"}
}

// readPolicyAs is readPolicy for the kind of --as.
func readPolicyAs(cmd *cli.Command) (*policy.Policy, error) {
	rules, err := readPolicy(cmd)
	kind := cmd.String("as")
	if err != nil || kind == "" {
		return rules, err
	}
	if rules, err = rules.As(kind); err != nil {
		return nil, badUsage("--as: %w", err)
	}
	return rules, nil
}

func readPolicyBy(cmd *cli.Command, parse func(io.Reader) (*policy.Policy, error)) (*policy.Policy, error) {
	data, err := readFile("--policy", cmd.String("policy"))
	if err != nil {
		return nil, err
	}
	p, err := parse(bytes.NewReader(data))
	if err != nil {
		return nil, &usageError{inPolicy(cmd, err)}
	}
	return p, nil
}

// policyError is a *policy.Error whose problems begin with file:line:column: editors and
// terminals make links of these.
type policyError struct {
	file  string
	found *policy.Error
}

func (e *policyError) Unwrap() error { return e.found }

func (e *policyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the policy has %s:", count(int64(len(e.found.Problems)), "problem"))
	for _, p := range e.found.Problems {
		b.WriteString("\n" + e.line(p))
	}
	return b.String()
}

func (e *policyError) line(p policy.Problem) string {
	if p.Pos == (policy.Pos{}) {
		return e.file + ": " + printable(p.String())
	}
	return e.file + ":" + printable(p.String())
}

// inPolicy adds the file's name to the problems of a policy, and returns other errors unchanged.
func inPolicy(cmd *cli.Command, err error) error {
	if problems, ok := errors.AsType[*policy.Error](err); ok {
		return &policyError{cmd.String("policy"), problems}
	}
	return err
}

// readPlan reads the file of --plan.
func readPlan(cmd *cli.Command) (*plan.Plan, error) { return readPlanOf(cmd, "plan") }

// readPlanOf reads the plan of a flag.
func readPlanOf(cmd *cli.Command, flag string) (*plan.Plan, error) {
	data, err := readFile("--"+flag, cmd.String(flag))
	if err != nil {
		return nil, err
	}
	p, err := plan.Decode(data)
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", cmd.String(flag), err)}
	}
	return p, nil
}

// readApproved reads the file of --approved, nil without the flag.
func readApproved(cmd *cli.Command) (*plan.Plan, error) {
	path := cmd.String("approved")
	if path == "" {
		return nil, nil
	}
	data, err := readFile("--approved", path)
	if err != nil {
		return nil, err
	}
	p, err := plan.Decode(data)
	if err != nil {
		return nil, &usageError{fmt.Errorf("--approved: %s: %w", path, err)}
	}
	return p, nil
}

// readSigner reads the private key of --key.
func readSigner(path string) (receipt.Signer, crypto.PublicKey, error) {
	data, err := readFile("--key", path)
	if err != nil {
		return nil, nil, err
	}
	key, err := receipt.ParsePrivateKey(data)
	if err != nil {
		return nil, nil, &usageError{fmt.Errorf("%s: %w", path, err)}
	}
	s, err := receipt.NewSigner(key)
	if err != nil {
		return nil, nil, &usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return s, key.Public(), nil
}

// readVerifiers reads the public keys of --pub.
func readVerifiers(paths []string) ([]receipt.Verifier, error) {
	var out []receipt.Verifier
	for _, path := range paths {
		data, err := readFile("--pub", path)
		if err != nil {
			return nil, err
		}
		key, err := receipt.ParsePublicKey(data)
		if err != nil {
			return nil, &usageError{fmt.Errorf("%s: %w", path, err)}
		}
		v, err := receipt.NewVerifier(key)
		if err != nil {
			return nil, &usageError{fmt.Errorf("%s: %w", path, err)}
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		return nil, badUsage("give --pub, the public key that the receipt was signed with")
	}
	return out, nil
}

// readSecret reads the secret from the file of --secret-file, else from EXPUNGE_SECRET; it may be
// absent. It is never a flag's value, because other users of the machine can read those.
func readSecret(cmd *cli.Command) (anonymise.Secret, error) {
	value, where := []byte(os.Getenv("EXPUNGE_SECRET")), "EXPUNGE_SECRET"
	if path := cmd.String("secret-file"); path != "" {
		var err error
		if value, err = readFile("--secret-file", path); err != nil {
			return anonymise.Secret{}, err
		}
		where = "--secret-file"
	}
	if len(value) == 0 && where == "EXPUNGE_SECRET" {
		return anonymise.Secret{}, nil
	}
	secret, err := anonymise.NewSecret(value)
	if err != nil {
		return anonymise.Secret{}, &usageError{fmt.Errorf("%s: %w", where, err)}
	}
	return secret, nil
}

// writeAtomically writes the complete file or keeps the existing one.
func writeAtomically(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".expunge-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // renamed by then, if all succeeded
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// canWrite checks beforehand whether a file can be made there.
func canWrite(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return badUsage("-o: %s is a folder", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".expunge-*")
	if err != nil {
		return badUsage("-o: no file can be made in %s", filepath.Dir(path))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
