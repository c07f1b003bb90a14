package kafka_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/knative/local/kafka"
)

// TestMain makes the test binary a broker that can be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("KAFKA_TEST_DIR"); dir != "" {
		s, err := kafka.Start(context.Background(), options(dir))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("up", s.Addr())
		select {}
	}
	os.Exit(m.Run())
}

func options(dir string) kafka.Options {
	return kafka.Options{Dir: dir, Topics: []kafka.Topic{
		{Name: "audit", Partitions: 3},
		{Name: "short", Config: map[string]string{"retention.ms": "60000"}},
	}}
}

func client(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(addr), kgo.ProducerLinger(0))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func produce(t *testing.T, c *kgo.Client, value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.ProduceSync(ctx, &kgo.Record{Topic: "audit", Partition: 0, Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// consume reads one record of the group and commits it.
func consume(t *testing.T, addr string) string {
	t.Helper()
	c := client(t, addr, kgo.ConsumerGroup("g"), kgo.ConsumeTopics("audit"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	fetches := c.PollRecords(ctx, 1)
	if err := fetches.Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.CommitRecords(ctx, fetches.Records()...); err != nil {
		t.Fatal(err)
	}
	c.Close()
	return string(fetches.Records()[0].Value)
}

func spawn(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "KAFKA_TEST_DIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "up ")
	if err != nil || !ok {
		t.Fatalf("broker says %q, %v", line, err)
	}
	return cmd, addr
}

func TestRecordsAndOffsetsSurviveAKill(t *testing.T) {
	dir := t.TempDir()
	cmd, addr := spawn(t, dir)
	c := client(t, addr, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	produce(t, c, "one")
	produce(t, c, "two")
	if got := consume(t, addr); got != "one" {
		t.Fatalf("first record is %q", got)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	_, again := spawn(t, dir)
	if again != addr {
		t.Errorf("address after the kill is %s, want %s", again, addr)
	}
	if got := consume(t, again); got != "two" {
		t.Errorf("next record of the group is %q, want the one not yet committed", got)
	}
	produce(t, c, "three") // the client of before goes on
}

func TestTopics(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // made once, found the second time
		s, err := kafka.Start(t.Context(), options(dir))
		if err != nil {
			t.Fatal(err)
		}
		topics, err := kadm.NewClient(client(t, s.Addr())).ListTopics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(topics["audit"].Partitions); n != 3 {
			t.Errorf("audit has %d partitions, want 3", n)
		}
		if n := len(topics["short"].Partitions); n != 1 {
			t.Errorf("short has %d partitions, want 1", n)
		}
		s.Close()
	}
}

func TestTakenPort(t *testing.T) {
	dir := t.TempDir()
	s, err := kafka.Start(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	addr := s.Addr()
	s.Close()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skip("the port was taken by somebody else")
	}
	defer l.Close()
	s, err = kafka.Start(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Addr() == addr {
		t.Error("two servers have one port")
	}
}
