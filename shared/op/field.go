package op

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/telemetry"
)

// oneVocabulary has huma speak of errors as everybody else here does. Its hooks are process-wide, so they are set once.
var oneVocabulary = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return requestProblem(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := requestProblem(status, message, errs)
		telemetry.Refused(ctx.Context(), p.Reason)
		return p
	}
})

// requestProblem names the first field at fault.
func requestProblem(status int, message string, errs []error) *problem {
	p := newProblem(fault.New(fault.Invalid, "InvalidParameter", "%s", message))
	p.Code = status
	switch {
	case status == http.StatusUnprocessableEntity:
		p.Code = http.StatusBadRequest
	case status == http.StatusRequestEntityTooLarge:
		p.Reason = bodyTooLarge
	case status >= http.StatusInternalServerError:
		return newProblem(fault.New(fault.Broken, "Unknown", "something on our side is broken"))
	}
	for _, err := range errs {
		if detail, ok := err.(huma.ErrorDetailer); ok && detail.ErrorDetail().Location != "" {
			p.Message = detail.ErrorDetail().Location + ": " + detail.ErrorDetail().Message
			p.Metadata["field"] = fieldAtFault(detail.ErrorDetail())
			break
		}
	}
	return p
}

// fieldAtFault is where the fault is. Of a field that is missing, or does not fit, huma names only what it belongs to.
func fieldAtFault(d *huma.ErrorDetail) string {
	for _, message := range []string{validation.MsgExpectedRequiredProperty, misfit} {
		var field string
		if _, err := fmt.Sscanf(d.Message, message, &field); err == nil {
			return d.Location + "." + field
		}
	}
	return d.Location
}

// misfit is the message about a field whose value has the wrong shape.
const misfit = "%s has the wrong shape"

// readJSON reads a body. What has the wrong shape is said without the names of our types, which encoding/json gives.
func readJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var mismatch *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &mismatch):
		return err
	case mismatch.Field == "":
		return fmt.Errorf("a %s has the wrong shape", mismatch.Value)
	}
	return fmt.Errorf(misfit+": it cannot be a %s", mismatch.Field, mismatch.Value)
}
