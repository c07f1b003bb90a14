package stream_test

import (
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/shared/stream"
)

func event(id string) cloudevents.Event {
	e := cloudevents.NewEvent()
	e.SetID(id)
	e.SetSource("/operations/get-wallet")
	e.SetType("io.onex.access.decided.v1")
	if err := e.SetData(cloudevents.ApplicationJSON, map[string]string{"id": id}); err != nil {
		panic(err)
	}
	return e
}

func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

func TestEveryAttributeComesBack(t *testing.T) {
	full := event("1")
	full.SetSubject("user-a")
	full.SetDataSchema("https://onex.io/schemas/access")
	full.SetTime(time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC))
	full.SetExtension("partitionkey", "user-a/7")
	full.SetExtension("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	full.SetExtension("sequence", 7)
	full.SetExtension("sampled", true)
	full.SetExtension("token", []byte{1, 2, 250})
	full.SetExtension("recordedtime", time.Date(2026, 11, 20, 12, 0, 1, 0, time.UTC))
	bare := cloudevents.NewEvent()
	bare.SetID("ümlaut %41 \" \\")
	bare.SetSource("/s")
	bare.SetType("t")
	text := bare.Clone()
	if err := text.SetData(cloudevents.TextPlain, "no JSON"); err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]cloudevents.Event{"a full event": full, "an event without data": bare, "text": text} {
		r, err := stream.Encode("audit", e)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		back, err := stream.Decode(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want, got := asText(t, e), asText(t, back); got != want {
			t.Errorf("%s: came back as\n%s\nwant\n%s", name, got, want)
		}
	}
}

// asText compares events by their JSON, in which extensions of all types are texts, as they are in Kafka.
func asText(t *testing.T, e cloudevents.Event) string {
	t.Helper()
	same := e.Clone()
	for name, v := range e.Extensions() {
		text, err := formatted(v)
		if err != nil {
			t.Fatal(err)
		}
		same.SetExtension(name, text)
	}
	b, err := same.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecordsAreInTheBinaryModeOfTheKafkaBinding(t *testing.T) {
	e := event("1")
	e.SetExtension("partitionkey", "user-a")
	r, err := stream.Encode("audit", e)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/operations/get-wallet", "ce_type": "io.onex.access.decided.v1",
		"content-type": "application/json", "ce_partitionkey": "user-a", "ce_datacontenttype": "", "ce_subject": "",
	} {
		if got := header(r, name); got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
	if string(r.Key) != "user-a" || string(r.Value) != `{"id":"1"}` || r.Topic != "audit" {
		t.Errorf("key %q, value %q, topic %q", r.Key, r.Value, r.Topic)
	}
	if r, err = stream.Encode("audit", event("1")); err != nil || r.Key != nil {
		t.Errorf("without a partition key the record's key is %q, %v", r.Key, err)
	}
}

func TestAnInvalidEventIsNotSent(t *testing.T) {
	if _, err := stream.Encode("audit", cloudevents.NewEvent()); err == nil || !strings.Contains(err.Error(), "id") {
		t.Errorf("got %v, want an error that names what is missing", err)
	}
}

func record(value string, headers ...string) *kgo.Record {
	r := &kgo.Record{Value: []byte(value)}
	for i := 0; i < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return r
}

// The rows are those of the CloudEvents conformance features for Kafka, and what a stranger may put on a topic.
func TestDecode(t *testing.T) {
	minimal := []string{"ce_specversion", "1.0", "ce_id", "1", "ce_source", "/s", "ce_type", "t"}
	with := func(more ...string) []string { return append(append([]string(nil), minimal...), more...) }
	const structured = "application/cloudevents+json"
	for _, row := range []struct {
		name   string
		record *kgo.Record
		want   string // part of the event's JSON; empty: refused
	}{
		{"binary mode", record(`{"a":1}`, with("content-type", "application/json")...), `"data":{"a":1}`},
		{"headers in another case", record(`{"a":1}`, "CE_SpecVersion", "1.0", "CE_ID", "1", "Ce_Source", "/s", "ce_type", "t", "Content-Type", "application/json"), `"data":{"a":1}`},
		{"an extension", record("", with("ce_comexampleextension1", "value")...), `"comexampleextension1":"value"`},
		{"a time", record("", with("ce_time", "2018-04-05T03:56:24Z")...), `"time":"2018-04-05T03:56:24Z"`},
		{"data that is no JSON", record("\xff\x00", with("content-type", "application/octet-stream")...), `"data_base64":"/wA="`},
		{"structured mode", record(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a":1}}`, "content-type", structured), `"data":{"a":1}`},
		{"structured mode with a charset", record(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":2}`, "content-type", structured+"; charset=UTF-8"), `"data":2`},
		{"structured mode, written large", record(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":2}`, "content-type", "Application/CloudEvents+JSON"), `"data":2`},
		{"an older version", record("", "ce_specversion", "0.3", "ce_id", "1", "ce_source", "/s", "ce_type", "t"), `"specversion":"0.3"`},
		{"no headers at all", record(`{"a":1}`), ""},
		{"nothing at all", &kgo.Record{}, ""},
		{"no id", record("", "ce_specversion", "1.0", "ce_source", "/s", "ce_type", "t"), ""},
		{"no source", record("", "ce_specversion", "1.0", "ce_id", "1", "ce_type", "t"), ""},
		{"no type", record("", "ce_specversion", "1.0", "ce_id", "1", "ce_source", "/s"), ""},
		{"an unknown version", record("", "ce_specversion", "9", "ce_id", "1", "ce_source", "/s", "ce_type", "t"), ""},
		{"a time that is none", record("", with("ce_time", "yesterday")...), ""},
		{"an extension of an illegal name", record("", with("ce_not-legal", "x")...), ""},
		{"structured garbage", record(`{"specversion":`, "content-type", structured), ""},
		{"structured null", record(`null`, "content-type", structured), ""},
		{"structured without an id", record(`{"specversion":"1.0","source":"/s","type":"t"}`, "content-type", structured), ""},
		{"a batch", record(`[]`, "content-type", "application/cloudevents-batch+json"), ""},
	} {
		e, err := stream.Decode(row.record)
		if row.want == "" {
			if err == nil {
				t.Errorf("%s: taken for\n%s", row.name, e)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		} else if got := asText(t, e); !strings.Contains(got, row.want) {
			t.Errorf("%s: got %s, want %s in it", row.name, got, row.want)
		}
	}
}

// Whatever stands on a topic is an event or an error, never a panic; and an event that was read can be written.
func FuzzDecode(f *testing.F) {
	f.Add("1.0", "1", "/s", "t", "application/json", "2018-04-05T03:56:24Z", "ext", []byte(`{"a":1}`))
	f.Add("0.3", "1", "/s", "t", "text/plain", "", "ext", []byte("x"))
	f.Add("", "", "", "", "application/cloudevents+json", "", "", []byte(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data_base64":"AAE="}`))
	f.Add("", "", "", "", "application/cloudevents+json", "", "", []byte(`[{"specversion":1}]`))
	f.Fuzz(func(t *testing.T, version, id, source, kind, media, at, extension string, value []byte) {
		r := record(string(value), "ce_specversion", version, "ce_id", id, "ce_source", source, "ce_type", kind,
			"content-type", media, "ce_time", at, "ce_"+extension, "x")
		e, err := stream.Decode(r)
		if err != nil {
			return
		}
		again, err := stream.Encode("t", e)
		if err != nil {
			t.Fatalf("read but not written: %v\n%s", err, e)
		}
		if back, err := stream.Decode(again); err != nil || back.ID() != e.ID() || back.Source() != e.Source() || back.Type() != e.Type() {
			t.Fatalf("came back as %v\n%s\nwant\n%s", err, back, e)
		}
	})
}
