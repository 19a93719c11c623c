#include "vcpu/trace_tools.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <system_error>

#include "common/errors.h"
#include "common/units.h"
#include "vcpu/trace_format.h"
#include "vcpu/trace_output.h"
#include "vcpu/trace_reader.h"
#include "vcpu/trace_recording.h"
#include "vcpu/trace_text.h"
#include "vcpu/trace_writer.h"

namespace coffer {

namespace {

constexpr const char* standard_stream = "-";

double ratio(std::uint64_t part, std::uint64_t whole) { return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole); }

struct Input {
    std::ifstream file;
    std::unique_ptr<AccessSource> accesses;
    std::string command;

    template <typename Reader>
    void read_with(std::unique_ptr<Reader> reader) {
        command = reader->command();
        accesses = std::move(reader);
    }
};

void open_input(const std::string& path, Input& input) {
    const bool is_standard = path == standard_stream;
    const std::string name = is_standard ? "standard input" : path;
    if (!is_standard) {
        std::error_code error;
        if (std::filesystem::is_directory(path, error)) throw InputError(path, "is a directory", "a trace, its text form or a recording");
        input.file.open(path, std::ios::binary);
        if (!input.file)
            throw InputError(path, "cannot be opened: " + std::system_category().message(errno), "a trace, its text form or a recording");
    }
    std::istream& stream = is_standard ? std::cin : input.file;
    const int first = stream.peek();
    if (first == std::istream::traits_type::eof()) throw InputError(name, "is empty", "a trace, its text form or a recording");
    if (first == trace_format::magic.front() && is_standard) throw InputError(name, "a trace file needs a name", "the text form or a recording");
    if (first == trace_format::magic.front())
        input.read_with(std::make_unique<TraceReader>(path));
    else if (first == TraceRecordingReader::first_character)
        input.read_with(std::make_unique<TraceRecordingReader>(stream, name));
    else
        input.read_with(std::make_unique<TraceTextReader>(stream, name));
}

void write_to_standard_output(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        throw std::system_error(errno, std::system_category(), "standard output cannot be written");
}

bool is_text_name(const std::string& path) { return std::filesystem::path(path).extension() == ".txt"; }

}  // namespace

TraceInfo read_trace_info(const std::string& path) {
    TraceReader reader(path);
    reader.check_all();
    return reader.info();
}

std::string describe(const TraceInfo& info) {
    const std::uint64_t page_kib = info.pages.size() * page_bytes / 1024;
    return fmt::format(
        "file          {}\n"
        "command       {}\n"
        "accesses      {} ({} reads, {} writes)\n"
        "instructions  {} ({:.2f} per access)\n"
        "pages         {} ({} KiB)\n"
        "size          {} bytes in {} blocks ({:.3f} bytes per access), format version {}\n",
        info.path, info.command, info.accesses, info.reads(), info.writes, info.instructions, ratio(info.instructions, info.accesses),
        info.pages.size(), page_kib, info.file_bytes, info.blocks, ratio(info.file_bytes, info.accesses), info.version);
}

void convert_trace(const std::string& input_path, const std::string& output_path) {
    Input input;
    open_input(input_path, input);
    if (output_path == standard_stream) {
        write_trace_text(*input.accesses, input.command, write_to_standard_output);
    } else if (is_text_name(output_path)) {
        TraceOutput output(output_path);
        write_trace_text(*input.accesses, input.command, [&output](std::string_view text) { output.write(text); });
        output.commit();
    } else {
        TraceWriter writer(output_path, input.command);
        for (TraceAccess access; input.accesses->next(access);) writer.add(access);
        writer.finish();
    }
}

}  // namespace coffer
