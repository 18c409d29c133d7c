"""An OTLP receiver for this machine, as strict as OTLP allows: it shows what arrives, or says what is wrong with it."""
