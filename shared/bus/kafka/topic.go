package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/glarimy/ums/shared/bus/internal/work"
)

// lettersRetention is how long dead letters are kept.
const lettersRetention = 30 * 24 * time.Hour

// errTopicLost says that a topic is not there any more, or that another has taken its place.
var errTopicLost = errors.New("the topic was deleted")

// isUnknown reports whether a broker does not know a topic, or not this one of its name.
func isUnknown(err error) bool {
	return errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.UnknownTopicID) ||
		errors.Is(err, kerr.InconsistentTopicID)
}

// detail is what brokers tell of a topic.
type detail struct {
	name     string
	id       topicID
	replicas int // of its partitions, at least
}

// topicID is what tells a topic from another of the same name, before it or after it.
type topicID [16]byte

// topic returns the details of a topic; an error that isUnknown where there is none. It asks the brokers each time: what
// clients remember may be of a topic that was deleted.
func (b *Bus) topic(ctx context.Context, name string) (detail, error) {
	request := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = &name
	request.Topics = append(request.Topics, asked)
	answer, err := request.RequestWith(ctx, b.plain)
	if err == nil && len(answer.Topics) != 1 {
		err = kerr.UnknownTopicOrPartition
	}
	if err == nil {
		err = kerr.ErrorForCode(answer.Topics[0].ErrorCode)
	}
	if err != nil {
		return detail{}, fmt.Errorf("ask for the topic %s: %w", name, err)
	}
	told := answer.Topics[0]
	d := detail{name: name, id: told.TopicID}
	for i, p := range told.Partitions {
		if i == 0 || len(p.Replicas) < d.replicas {
			d.replicas = len(p.Replicas)
		}
	}
	return d, nil
}

// ensure makes a topic where it is not there, and returns its ID.
func (b *Bus) ensure(ctx context.Context, name string) (topicID, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for {
		told, err := b.topic(ctx, name)
		if err == nil {
			b.check(ctx, told)
			return told.id, nil
		}
		if !isUnknown(err) {
			return topicID{}, err
		}
		id, err := b.make(ctx, name)
		if !errors.Is(err, kerr.TopicAlreadyExists) {
			return id, err
		}
		if ctx.Err() != nil { // it goes, or it comes, but not all brokers know
			return topicID{}, fmt.Errorf("make the topic %s: %w", name, err)
		}
		work.Pause(ctx, firstPause)
	}
}

// make makes a topic.
func (b *Bus) make(ctx context.Context, name string) (topicID, error) {
	partitions, retention := b.address.partitions, b.options.Retention
	if name == b.address.deadLetters() {
		partitions, retention = 1, lettersRetention
	}
	made, err := b.admin.CreateTopic(ctx, partitions, b.address.replication, map[string]*string{
		"cleanup.policy":                 new("delete"),
		"retention.ms":                   new(strconv.FormatInt(retention.Milliseconds(), 10)),
		"min.insync.replicas":            new(strconv.Itoa(int(b.address.minInsync))),
		"unclean.leader.election.enable": new("false"),
		"message.timestamp.type":         new("LogAppendTime"),
	}, name)
	switch {
	case errors.Is(err, kerr.InvalidReplicationFactor):
		return topicID{}, fmt.Errorf("make the topic %s with %d replicas: there are fewer brokers; "+
			"EVENTS_URL can say replication=1, by which a broker that is lost takes its events with it: %w",
			name, b.address.replication, err)
	case err != nil:
		return topicID{}, fmt.Errorf("make the topic %s: %w", name, err)
	}
	b.logger.InfoContext(ctx, "made a topic", "topic", name, "partitions", partitions,
		"replicas", b.address.replication, "min_insync_replicas", b.address.minInsync, "retention", retention)
	return topicID(made.ID), nil
}

// check tells once in the log what of a topic's settings would lose events that were acknowledged.
func (b *Bus) check(ctx context.Context, topic detail) {
	b.mu.Lock()
	done := b.checked[topic.name]
	b.checked[topic.name] = true
	b.mu.Unlock()
	if done {
		return
	}
	settings, err := b.topicSettings(ctx, topic.name)
	if err != nil { // who may write need not be one who may read settings
		b.logger.DebugContext(ctx, "the settings of the topic cannot be read", "topic", topic.name, "error", err)
		return
	}
	if topic.replicas < int(b.address.replication) {
		b.logger.WarnContext(ctx, "the topic has fewer replicas than EVENTS_URL says: give it more, or say so there",
			"topic", topic.name, "replicas", topic.replicas, "want", b.address.replication)
	}
	if n, err := strconv.Atoi(settings["min.insync.replicas"]); err == nil && n < int(b.address.minInsync) {
		b.logger.WarnContext(ctx, "the topic acknowledges events that too few replicas have: raise its min.insync.replicas",
			"topic", topic.name, "min_insync_replicas", n, "want", b.address.minInsync)
	}
	if settings["unclean.leader.election.enable"] == "true" {
		b.logger.WarnContext(ctx, "the topic may lose acknowledged events when a broker goes: forbid it unclean elections",
			"topic", topic.name, "unclean_leader_election", true, "want", false)
	}
}

func (b *Bus) topicSettings(ctx context.Context, name string) (map[string]string, error) {
	answer, err := b.admin.DescribeTopicConfigs(ctx, name)
	if err != nil {
		return nil, err
	}
	config, err := answer.On(name, nil)
	if err != nil {
		return nil, err
	}
	if config.Err != nil {
		return nil, config.Err
	}
	settings := map[string]string{}
	for _, c := range config.Configs {
		if c.Value != nil {
			settings[c.Key] = *c.Value
		}
	}
	return settings, nil
}
