package edges

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// nameLabel tells workloads apart.
const nameLabel = "app.kubernetes.io/name"

// isDatabase reports whether an installation may have something outside of the cluster.
func isDatabase(workload string) bool {
	return workload == "mysql" || workload == "cache" || workload == "bus" || workload == "kafka"
}

// Policy returns what lets a workload's pods do what the list says, and no more.
func (l List) Policy(workload string) *networkingv1.NetworkPolicy {
	p := policy(workload, workload)
	p.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	for _, e := range l.To(Kubernetes, workload) {
		p.Spec.Ingress = append(p.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{
			From: []networkingv1.NetworkPolicyPeer{l.peer(e.From)}, Ports: ports(corev1.ProtocolTCP, e.Port),
		})
	}
	out := l.From(Kubernetes, workload)
	if len(out) > 0 {
		p.Spec.Egress = append(p.Spec.Egress, dns())
	}
	for _, e := range out {
		p.Spec.Egress = append(p.Spec.Egress, networkingv1.NetworkPolicyEgressRule{
			To: []networkingv1.NetworkPolicyPeer{l.peer(e.To)}, Ports: ports(corev1.ProtocolTCP, e.Port),
		})
	}
	return p
}

// Optional returns what lets the pods at both ends of an edge use it, beside what they may do without it.
func (l List) Optional(e Edge) []*networkingv1.NetworkPolicy {
	name := e.From + "-" + e.To
	out, in := policy(name+"-out", e.From), policy(name+"-in", e.To)
	out.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
	out.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{
		To: []networkingv1.NetworkPolicyPeer{l.peer(e.To)}, Ports: ports(corev1.ProtocolTCP, e.Port),
	}}
	in.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	in.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{
		From: []networkingv1.NetworkPolicyPeer{l.peer(e.From)}, Ports: ports(corev1.ProtocolTCP, e.Port),
	}}
	return []*networkingv1.NetworkPolicy{out, in}
}

// External returns what lets a workload's pods reach databases outside of the cluster, wherever those are; nil if it
// has no edge to one.
func (l List) External(workload string) *networkingv1.NetworkPolicy {
	p := policy(workload+"-external", workload)
	p.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
	seen := map[int32]bool{}
	for _, e := range l.From(Kubernetes, workload) {
		if !isDatabase(e.To) || seen[e.Port] {
			continue
		}
		seen[e.Port] = true
		p.Spec.Egress = append(p.Spec.Egress, networkingv1.NetworkPolicyEgressRule{
			To:    []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0"}}},
			Ports: ports(corev1.ProtocolTCP, e.Port),
		})
	}
	if len(p.Spec.Egress) == 0 {
		return nil
	}
	return p
}

func policy(name, workload string) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta: metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{
			Name:   name,
			Labels: map[string]string{nameLabel: workload, "app.kubernetes.io/part-of": "ums"},
		},
		Spec: networkingv1.NetworkPolicySpec{PodSelector: selector(workload)},
	}
}

func selector(workload string) metav1.LabelSelector {
	return metav1.LabelSelector{MatchLabels: map[string]string{nameLabel: workload}}
}

// peer is a workload of the namespace, or all of the namespace where somebody from outside is.
func (l List) peer(workload string) networkingv1.NetworkPolicyPeer {
	if namespace, ok := l.Outside[workload]; ok {
		return networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{
			MatchLabels: map[string]string{corev1.LabelMetadataName: namespace},
		}}
	}
	s := selector(workload)
	return networkingv1.NetworkPolicyPeer{PodSelector: &s}
}

// dns is the cluster's own name server, which everybody needs who connects to a name.
func dns() networkingv1.NetworkPolicyEgressRule {
	return networkingv1.NetworkPolicyEgressRule{
		To: []networkingv1.NetworkPolicyPeer{{
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: "kube-system"}},
			PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}},
		}},
		Ports: append(ports(corev1.ProtocolUDP, 53), ports(corev1.ProtocolTCP, 53)...),
	}
}

func ports(protocol corev1.Protocol, number int32) []networkingv1.NetworkPolicyPort {
	port := intstr.FromInt32(number)
	return []networkingv1.NetworkPolicyPort{{Protocol: &protocol, Port: &port}}
}
