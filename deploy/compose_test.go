// Package deploy holds the Compose files against scripts/services, which the
// tests use: whoever has Docker gets the same brokers.
package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

type service struct {
	Image       string
	Environment map[string]string
	Volumes     []string
	Ports       []string
	DependsOn   map[string]any `yaml:"depends_on"`
	Command     []string
	Healthcheck struct{ Test []string }
}

// compose reads a file, with variables as docker compose would put them in.
func compose(t *testing.T, name string, variables map[string]string) map[string]service {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`\$\$|\$\{(\w+):\?\}`).ReplaceAllStringFunc(string(body), func(found string) string {
		if found == "$$" {
			return "$"
		}
		value, ok := variables[strings.Trim(found, "${:?}")]
		if !ok {
			t.Errorf("%s: %s is not in compose.env", name, found)
		}
		return value
	})
	var file struct{ Services map[string]service }
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(name, err)
	}
	return file.Services
}

// properties are the broker's settings that the image makes of variables.
func properties(environment map[string]string) map[string]string {
	settings := map[string]string{}
	for name, value := range environment {
		name, ours := strings.CutPrefix(name, "KAFKA_")
		if !ours || name == "OPTS" || name == "HEAP_OPTS" { // the JVM's
			continue
		}
		settings[strings.NewReplacer("___", "-", "__", "_", "_", ".").Replace(strings.ToLower(name))] = value
	}
	return settings
}

func services(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := exec.Command("../scripts/services", append([]string{"kafka"}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func pairs(text string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok && line[0] != '#' {
			all[name] = value
		}
	}
	return all
}

// differ are the settings that have a reason to: addresses, files, and what
// makes brokers small and quick for tests.
var differ = regexp.MustCompile(`^(node\.id|log\.dirs|listeners|advertised\.listeners|controller\.quorum\.voters|broker\.rack|` +
	`(offsets\.topic|transaction\.state\.log)\.num\.partitions|group\.initial\.rebalance\.delay\.ms|broker\.(session\.timeout|heartbeat\.interval)\.ms|` +
	`log\.(cleaner|index|segment)\..*|num\..*\.threads|background\.threads)$`)

func TestComposeIsAsScriptsServices(t *testing.T) {
	secrets := filepath.Join(t.TempDir(), "secrets")
	services(t, "secrets", "--dir", secrets)
	written, err := os.ReadFile(filepath.Join(secrets, "compose.env"))
	if err != nil {
		t.Fatal(err)
	}
	variables := pairs(string(written))
	for name, c := range map[string]struct {
		nodes  []string
		secure bool
		flags  []string
	}{
		"compose.yaml":              {nodes: []string{"kafka"}},
		"compose-three.yaml":        {nodes: []string{"kafka-1", "kafka-2", "kafka-3"}, flags: []string{"--nodes", "3"}},
		"compose-secure.yaml":       {nodes: []string{"kafka"}, secure: true, flags: []string{"--secure"}},
		"compose-secure-three.yaml": {nodes: []string{"kafka-1", "kafka-2", "kafka-3"}, secure: true, flags: []string{"--nodes", "3", "--secure"}},
	} {
		t.Run(name, func(t *testing.T) {
			want := pairs(services(t, append([]string{"settings", "--dir", secrets}, c.flags...)...))
			all := compose(t, name, variables)
			for i, node := range c.nodes {
				got := properties(all[node].Environment)
				if rack := got["broker.rack"]; len(c.nodes) > 1 && rack != "r"+node[len(node)-1:] {
					t.Errorf("%s is in rack %q", node, rack)
				}
				if len(c.nodes) == 1 { // no other rack to read from
					got["replica.selector.class"] = want["replica.selector.class"]
				}
				if !strings.Contains(got["controller.quorum.voters"], got["node.id"]+"@"+node+":") {
					t.Errorf("%s is %s and votes as %s", node, got["node.id"], got["controller.quorum.voters"])
				}
				compare(t, node, want, got, secrets, c.secure)
				host := "127.0.0.1:909" + string("234"[i])
				if !slices.Contains(all[node].Ports, host+":9092") || !strings.Contains(got["advertised.listeners"], "://"+host+",") {
					t.Errorf("%s is not reached at %s: %v, %s", node, host, all[node].Ports, got["advertised.listeners"])
				}
				if strings.Contains(got["advertised.listeners"], "SSL://") {
					t.Errorf("%s: the image would ask for stores of its own kind by the listener's name", node)
				}
			}
			if c.secure {
				mounted(t, all, secrets)
			}
		})
	}
}

// compare holds a node's settings against those of scripts/services.
func compare(t *testing.T, node string, want, got map[string]string, secrets string, secure bool) {
	t.Helper()
	same := func(all map[string]string) map[string]string {
		kept := map[string]string{}
		for name, value := range all {
			plainNames := !secure && (name == "listener.security.protocol.map" || name == "inter.broker.listener.name")
			// One node's replicas are the defaults, for which compose.yaml has no words.
			if differ.MatchString(name) || plainNames || !secure && value == "1" {
				continue
			}
			kept[name] = strings.ReplaceAll(value, secrets, "/etc/kafka/secrets")
		}
		return kept
	}
	if diff := cmp.Diff(same(want), same(got)); diff != "" {
		t.Errorf("%s, scripts/services (-) and Compose (+):\n%s", node, diff)
	}
}

// mounted looks for each file that containers name among those that are made.
func mounted(t *testing.T, all map[string]service, secrets string) {
	t.Helper()
	files := regexp.MustCompile(`/etc/kafka/secrets/([\w.-]+)`)
	names := strings.NewReplacer("$name", "tidegate") // of the loop over users
	for name, s := range all {
		if !slices.Equal(s.Volumes, []string{secrets + ":/etc/kafka/secrets:ro"}) {
			t.Errorf("%s mounts %v", name, s.Volumes)
		}
		text := strings.Join(append(s.Command, s.Healthcheck.Test...), " ")
		for _, value := range s.Environment {
			text += " " + value
		}
		for _, m := range files.FindAllStringSubmatch(names.Replace(text), -1) {
			if _, err := os.Stat(filepath.Join(secrets, m[1])); err != nil {
				t.Errorf("%s wants %s: %v", name, m[1], err)
			}
		}
		for other := range s.DependsOn {
			if all[other].Healthcheck.Test == nil {
				t.Errorf("%s waits for %s, which does not tell whether it is well", name, other)
			}
		}
	}
}
