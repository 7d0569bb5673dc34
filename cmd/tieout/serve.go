package main

import (
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/processors"
)

func (r *root) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Receive webhooks and run every stage on schedule, until told to stop",
		Long: "Receive webhooks and run every stage on schedule, until told to stop by SIGTERM.\n\n" +
			"SIGHUP reads the configuration and its secrets' files again: what companies[].ontop says\n" +
			"and the files of public.tls are taken between two requests. A configuration with a\n" +
			"mistake changes nothing, and the log says what is wrong; it also names what was\n" +
			"changed and needs a restart.\n\n" +
			"Traces: with OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT set, such\n" +
			"as to http://127.0.0.1:4318, every request for a delivery is a span there, by OTLP over\n" +
			"HTTP in protobuf, which is what OTEL_EXPORTER_OTLP_PROTOCOL has to say if it says\n" +
			"anything. OTEL_SDK_DISABLED=true and OTEL_TRACES_EXPORTER=none turn it off. The rest is\n" +
			"as OpenTelemetry has it: OTEL_EXPORTER_OTLP_HEADERS, _CERTIFICATE, _COMPRESSION and\n" +
			"_TIMEOUT, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and its _ARG,\n" +
			"and OTEL_BSP_... for how many spans wait and are sent at once.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			// From the first moment on, so that a reload that comes early ends nothing.
			hangups := make(chan os.Signal, 1)
			signal.Notify(hangups, syscall.SIGHUP)
			defer signal.Stop(hangups)
			processors.Spare()
			cfg, err := r.load()
			if err != nil {
				return err
			}
			a, err := r.openWith(c.Context(), cfg, r.logger(cfg.Log, "json", slog.LevelInfo))
			if err != nil {
				return err
			}
			a.ReloadOn(hangups, r.load)
			return errors.Join(a.Serve(c.Context()), a.Close())
		},
	}
}
