package redis_test

import (
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"

	"onex.io/onex/knative/local/redis"
)

func TestRedis(t *testing.T) {
	s, err := redis.Start("")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := client.NewClient(&client.Options{Addr: s.Addr()})
	defer c.Close()

	t.Run("a key with a lifetime dies by itself", func(t *testing.T) {
		if err := c.Set(t.Context(), "short", "1", 30*time.Millisecond).Err(); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(5 * time.Second)
		for c.Exists(t.Context(), "short").Val() != 0 {
			if time.Now().After(deadline) {
				t.Fatal("it lives on")
			}
		}
	})
	t.Run("scripts run", func(t *testing.T) {
		n, err := client.NewScript(`return redis.call('INCR', KEYS[1])`).Run(t.Context(), c, []string{"n"}).Int()
		if err != nil || n != 1 {
			t.Errorf("got %d, %v", n, err)
		}
	})
	t.Run("flushing empties it", func(t *testing.T) {
		if err := c.Set(t.Context(), "kept", "1", 0).Err(); err != nil {
			t.Fatal(err)
		}
		s.Flush()
		if n := c.DBSize(t.Context()).Val(); n != 0 {
			t.Errorf("%d keys are left", n)
		}
	})
	t.Run("a taken port is an error", func(t *testing.T) {
		if other, err := redis.Start(s.Addr()); err == nil {
			other.Close()
			t.Error("two servers have one port")
		}
	})
}
