package edges

import (
	"bytes"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

// header begins every file that is made of the list.
const header = "# Made of deploy/edges.yaml by `make edges`; a test compares the two.\n"

// programs maps what we run to its folder.
func programs() []struct{ Name, Folder string } {
	return []struct{ Name, Folder string }{
		{"gateway", "gateway"},
		{"find", "services/find"},
		{"add", "services/add"},
		{"search", "services/search"},
		{"journal", "services/journal"},
		{"migrate", "migrations"},
	}
}

// Files returns the content of every file that is made of the list, by its path in the repository.
func (l List) Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	var err error
	write := func(path string, policies ...*networkingv1.NetworkPolicy) {
		if err == nil {
			files[path], err = documents(policies)
		}
	}
	var external []*networkingv1.NetworkPolicy
	for _, p := range programs() {
		write(p.Folder+"/k8s/base/networkpolicy.yaml", l.Policy(p.Name))
		if e := l.External(p.Name); e != nil {
			external = append(external, e)
		}
	}
	write("deploy/databases/networkpolicy.yaml", l.Policy("mysql"), l.Policy("cache"), l.Policy("bus"))
	for _, e := range l.Components() {
		write(e.component()+"/networkpolicy.yaml", l.Optional(e)...)
	}
	write("deploy/kafka/networkpolicy.yaml", l.Policy("kafka"))
	write("deploy/overlays/production/external/networkpolicy.yaml", external...)
	write("examples/add-java/k8s/relay/networkpolicy.yaml", l.Beside(relay)...)
	return files, err
}

func documents(policies []*networkingv1.NetworkPolicy) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(header)
	for i, p := range policies {
		if i > 0 {
			b.WriteString("---\n")
		}
		text, err := yaml.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("write the network policy %s: %w", p.Name, err)
		}
		b.Write(text)
	}
	return b.Bytes(), nil
}
