#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <systemc>

#include "common/errors.h"
#include "platform/configuration.h"
#include "platform/input_files.h"
#include "platform/quantities.h"
#include "platform/storage.h"
#include "vcpu/trace_tools.h"

namespace coffer {
namespace {

constexpr const char* version_text = "coffer " COFFER_VERSION;

struct StorageOptions {
    std::string memory = "1 GiB";
    std::string data;
    std::string scheme = "aise-bmt";
    unsigned tag_bytes = 0;
    bool table = false;
    bool json = false;
};

void add_storage(CLI::App& program, StorageOptions& options) {
    CLI::App& command = *program.add_subcommand("storage", "How a memory divides into data, counters, tags and tree");
    CLI::Option* memory = command.add_option("--memory", options.memory, "Size of the memory, as 1GiB")->capture_default_str();
    CLI::Option* data = command.add_option("--data", options.data, "Instead: size of the data alone")->excludes(memory);
    CLI::Option* tag = command.add_option("--tag-bytes", options.tag_bytes, "Size of tags and of tree entries: 4, 8, 16 or 32 (default 16; sgx-mee has 8)");
    CLI::Option* scheme = command.add_option("--scheme", options.scheme, "aise-bmt, global64-mt or sgx-mee")->capture_default_str();
    CLI::Option* json = command.add_flag("--json", options.json, "Print JSON");
    command.add_flag("--table", options.table, "Print both schemes of Rogers et al. with all four tag sizes, in percent")->excludes(data, tag, scheme, json);
}

ExitCode storage(const StorageOptions& options) {
    if (options.table) {
        std::cout << storage_table(parse_size("--memory", options.memory));
        return ExitCode::ok;
    }
    const StorageScheme scheme = parse_storage_scheme("--scheme", options.scheme);
    const unsigned default_tag_bytes = scheme == StorageScheme::sgx_mee ? 8 : 16;
    const unsigned tag_bytes = options.tag_bytes == 0 ? default_tag_bytes : options.tag_bytes;
    const StorageSplit split = options.data.empty() ? split_memory(scheme, parse_size("--memory", options.memory), tag_bytes)
                                                    : split_for_data(scheme, parse_size("--data", options.data), tag_bytes);
    std::cout << (options.json ? storage_json(split) : storage_text(split));
    return ExitCode::ok;
}

struct ConfigurationOptions {
    std::string platform;
    std::vector<std::string> overrides;
};

/// The arguments that name a platform and change its keys.
CLI::Option* add_platform(CLI::App& command, ConfigurationOptions& options) {
    command.add_option("--set", options.overrides, "Change one key, as memory.data_bytes=1GiB; may be given again")->type_name("KEY=VALUE")->allow_extra_args(false);
    return command.add_option("platform", options.platform, "A preset, or a YAML file")->type_name("PRESET|FILE");
}

struct ConfigOptions {
    ConfigurationOptions configuration;
    bool markdown = false;
};

void add_config(CLI::App& program, ConfigOptions& options) {
    CLI::App& command = *program.add_subcommand("config", "Every key of a platform as a run would use it, without secrets");
    CLI::Option* platform = add_platform(command, options.configuration);
    command.add_flag("--markdown", options.markdown, "Print the page about all keys instead")->excludes(platform);
}

ExitCode config(const ConfigOptions& options) {
    if (options.markdown) {
        std::cout << configuration_markdown();
        return ExitCode::ok;
    }
    if (options.configuration.platform.empty()) throw InputError("config", "no platform is named", "a preset, a YAML file, or --markdown");
    std::cout << effective_yaml(load_configuration(options.configuration.platform, options.configuration.overrides));
    return ExitCode::ok;
}

struct TraceOptions {
    std::string file;
    std::string input;
    std::string output;
};

void add_trace(CLI::App& program, TraceOptions& options) {
    CLI::App& command = *program.add_subcommand("trace", "Recorded memory traces");
    command.require_subcommand(1);
    CLI::App& info = *command.add_subcommand("info", "Check a trace and print what it holds");
    info.add_option("trace", options.file, "A trace file, or the name of a trace that comes with Coffer")->required();
    CLI::App& convert = *command.add_subcommand("convert", "Convert a recording, a text or a trace file to a trace file, or to text where OUTPUT ends in .txt");
    convert.add_option("input", options.input, "The file to read, - for standard input")->required();
    convert.add_option("output", options.output, "The file to write, - for text on standard output")->required();
}

ExitCode trace(const CLI::App& command, const TraceOptions& options) {
    if (command.got_subcommand("convert")) {
        convert_trace(options.input, options.output);
    } else {
        std::cout << describe(read_trace_info(find_trace("trace info", options.file, "")));
    }
    return ExitCode::ok;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

ExitCode run_program(int argc, char** argv) {
    CLI::App program("Coffer: protected memory for cloud virtual machines, as a SystemC/TLM-2.0 platform", "coffer");
    program.require_subcommand(1);
    program.set_version_flag("--version", version_text);
    StorageOptions storage_options;
    add_storage(program, storage_options);
    TraceOptions trace_options;
    add_trace(program, trace_options);
    ConfigOptions config_options;
    add_config(program, config_options);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return static_cast<ExitCode>(program.exit(error));
        throw InputError("command line", first_line(error.what()) + "; see coffer --help");
    }
    if (program.got_subcommand("trace")) return trace(*program.get_subcommand("trace"), trace_options);
    if (program.got_subcommand("config")) return config(config_options);
    return storage(storage_options);
}

}  // namespace
}  // namespace coffer

int sc_main(int argc, char** argv) {
    using coffer::ExitCode;
    ExitCode code = ExitCode::internal;
    try {
        code = coffer::run_program(argc, argv);
        if (!std::cout.flush()) throw std::runtime_error("standard output cannot be written");
    } catch (const coffer::InputError& error) {
        std::cerr << "coffer: " << error.what() << '\n';
        code = ExitCode::bad_input;
    } catch (const std::exception& error) {
        std::cerr << "coffer: " << coffer::first_line(error.what()) << '\n';
        code = ExitCode::internal;
    }
    return static_cast<int>(code);
}

int main(int argc, char** argv) {
    // The library prints its banner before sc_main unless told otherwise.
    setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);
    return sc_core::sc_elab_and_sim(argc, argv);
}
