#pragma once

#include <string>

#include "vcpu/trace_info.h"

namespace coffer {

/// What a trace file says of itself, after its whole content was checked against it. Throws InputError naming file and byte.
TraceInfo read_trace_info(const std::string& path);

/// Aligned lines for a terminal, the last with a line end too.
std::string describe(const TraceInfo& info);

/// Writes `input`, a trace file, its text form or a recording of the QEMU plugin (told apart by their first byte), to `output`: the text form where
/// the name ends in .txt, a trace file otherwise. "-" as `input` is standard input (text form or recording), as `output` standard output (text form).
/// The output appears whole or not at all. Throws InputError naming the file with its byte or line; std::system_error where the machine fails.
void convert_trace(const std::string& input, const std::string& output);

}  // namespace coffer
