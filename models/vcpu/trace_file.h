#pragma once

// The recorded-trace format (docs/traces.md): what to include to read or write a trace.
#include "vcpu/trace_info.h"
#include "vcpu/trace_reader.h"
#include "vcpu/trace_writer.h"
