#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <systemc>
#include <unistd.h>

#include "attack/attack_matrix.h"
#include "attack/expected_outcomes.h"
#include "common/errors.h"
#include "platform/configuration.h"
#include "platform/dump.h"
#include "platform/input_files.h"
#include "platform/output_folder.h"
#include "platform/quantities.h"
#include "platform/run_result.h"
#include "platform/simulation_tlm.h"
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
    CLI::Option* tag =
        command.add_option("--tag-bytes", options.tag_bytes, "Size of tags and of tree entries: 4, 8, 16 or 32 (default 16; sgx-mee has 8)");
    CLI::Option* scheme = command.add_option("--scheme", options.scheme, "aise-bmt, global64-mt or sgx-mee")->capture_default_str();
    CLI::Option* json = command.add_flag("--json", options.json, "Print JSON");
    command.add_flag("--table", options.table, "Print both schemes of Rogers et al. with all four tag sizes, in percent")
        ->excludes(data, tag, scheme, json);
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
    command.add_option("--set", options.overrides, "Change one key, as memory.data_bytes=1GiB; may be given again")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
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
    CLI::App& convert =
        *command.add_subcommand("convert", "Convert a recording, a text or a trace file to a trace file, or to text where OUTPUT ends in .txt");
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

struct AttackOptions {
    std::vector<std::string> names;
    std::optional<std::string> configuration;
    bool json = false;
};

void add_attack(CLI::App& program, AttackOptions& options) {
    CLI::App& command = *program.add_subcommand("attack", "Attack machines in every configuration, and print what came of it");
    command.add_option("attacks", options.names, "Some of the attacks only")->type_name("NAME");
    command.add_option("--configuration", options.configuration, "none, hsvm, hypercoffer or combined only");
    command.add_flag("--json", options.json, "Print JSON");
}

ExitCode attack(const AttackOptions& options) {
    AttackCampaign campaign("campaign", attack_cases(options.configuration, options.names));
    const std::vector<AttackReport> reports = campaign.run();
    std::cout << (options.json ? attack_matrix_json(reports) : attack_matrix_text(reports));
    return as_expected(reports) ? ExitCode::ok : ExitCode::violation;
}

struct RunOptions {
    ConfigurationOptions configuration;
    std::string out;
    std::string wave;
    std::string nonvolatile;
};

void add_run(CLI::App& program, RunOptions& options) {
    CLI::App& command = *program.add_subcommand("run", "Run a platform beside the same one without protection, and print what protection cost");
    add_platform(command, options.configuration)->required();
    command.add_option("--out", options.out, "Write stats.json into this folder")->type_name("DIR");
    command.add_option("--wave", options.wave, "Write a VCD of the platform's signals")->type_name("FILE");
    command.add_option("--nonvolatile", options.nonvolatile, "Keep the chip's non-volatile state here; without it the chip is new")
        ->type_name("FILE");
}

void add_dump(CLI::App& program, RunOptions& options) {
    CLI::App& command =
        *program.add_subcommand("dump", "Run a platform and write what then lies in memory, as dram.bin and layout.json (which holds the keys)");
    add_platform(command, options.configuration)->required();
    command.add_option("--out", options.out, "The folder to write into")->type_name("DIR")->required();
    command.add_option("--nonvolatile", options.nonvolatile, "Keep the chip's non-volatile state here; without it the chip is new")
        ->type_name("FILE");
}

/// One line on a terminal that says how far a run is; nothing elsewhere.
class ProgressLine {
public:
    std::function<void(double)> function() {
        if (isatty(STDERR_FILENO) == 0) return {};
        return [this](double share) {
            shown_ = true;
            fmt::print(stderr, "\r{:5.1f} % of all accesses", 100 * share);
            std::fflush(stderr);
        };
    }
    ~ProgressLine() {
        if (shown_) fmt::print(stderr, "\r{:30}\r", "");
    }

private:
    bool shown_ = false;
};

/// A wave file, which appears when the run has succeeded. The library writes it while the simulation runs, and adds .vcd to its name.
class WaveFile {
public:
    explicit WaveFile(const std::string& file) : file_(file) {
        if (file.empty()) return;
        std::error_code error;
        const std::filesystem::path folder = std::filesystem::path(file).parent_path();
        if (std::filesystem::is_directory(file, error)) throw InputError(file, "a folder is no place for waves", "a file");
        if (access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0)
            throw InputError(file, "no file can be created here", "a file in a folder with write access");
        base_ = fmt::format("{}.{}.tmp", file, getpid());
    }
    ~WaveFile() {
        std::error_code ignored;
        if (base_) std::filesystem::remove(*base_ + ".vcd", ignored);
    }
    WaveFile(const WaveFile&) = delete;
    WaveFile& operator=(const WaveFile&) = delete;

    const std::optional<std::string>& base() const { return base_; }
    void commit() {
        if (base_) std::filesystem::rename(*base_ + ".vcd", file_);
    }

private:
    std::string file_;
    std::optional<std::string> base_;
};

void print_warnings(const Configuration& configuration) {
    for (const std::string& warning : warnings_of(configuration)) std::cerr << "coffer: warning: " << warning << '\n';
}

ExitCode exit_code_of(const RunResult& result) { return result.violation_count != 0 ? ExitCode::violation : ExitCode::ok; }

ExitCode run(const RunOptions& options) {
    const Configuration configuration = load_configuration(options.configuration.platform, options.configuration.overrides);
    std::optional<OutputFolder> output;
    if (!options.out.empty()) output.emplace(options.out);
    WaveFile wave(options.wave);

    SimulationOptions simulation_options;
    if (!options.nonvolatile.empty()) simulation_options.nonvolatile = options.nonvolatile;
    simulation_options.wave = wave.base();
    // What is neither protected nor tampered with is its own twin.
    simulation_options.twin = configuration.protection != ProtectionConfiguration::none || !configuration.tamper.empty();
    const auto start = std::chrono::steady_clock::now();
    RunResult result;
    {
        ProgressLine progress;
        simulation_options.progress = progress.function();
        Simulation simulation(configuration, simulation_options);
        result = simulation.run();
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;

    if (output) {
        output->add("stats.json", run_json(result));
        output->commit();
    }
    wave.commit();
    print_warnings(configuration);
    std::cout << run_summary(result) << fmt::format("{:<36}{:>12}\n", "run time", fmt::format("{:.2f} s", wall.count()));
    if (result.silently_wrong() && configuration.tamper.empty()) throw std::logic_error("a tenant has other data than without protection");
    return exit_code_of(result);
}

ExitCode dump(const RunOptions& options) {
    const Configuration configuration = load_configuration(options.configuration.platform, options.configuration.overrides);
    OutputFolder output(options.out);

    SimulationOptions simulation_options;
    if (!options.nonvolatile.empty()) simulation_options.nonvolatile = options.nonvolatile;
    simulation_options.twin = false;
    simulation_options.sweep = false;
    ProgressLine progress;
    simulation_options.progress = progress.function();
    Simulation simulation(configuration, simulation_options);
    const RunResult result = simulation.run();

    PlatformTlm& platform = simulation.platform();
    SparseMemory& memory = platform.dram.memory();
    const std::vector<FrameRun> frames = frames_to_dump(memory);
    const DumpState state{configuration,        platform.protection.map(),
                          simulation.domains(), platform.dram.parameters().size, simulation.gpc()};
    output.add("stats.json", run_json(result));
    output.add("layout.json", dump_layout(state, frames));
    output.add("dram.bin", [&](const auto& write) { dump_frames(memory, frames, write); });
    output.commit();
    print_warnings(configuration);
    std::uint64_t frame_count = 0;
    for (const FrameRun& run : frames) frame_count += run.count;
    std::cout << fmt::format("{} frames, {} domains, {} violations\n", frame_count, state.domains.size(), result.violation_count);
    return exit_code_of(result);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

ExitCode run_program(int argc, char** argv) {
    CLI::App program("Coffer: protected memory for cloud virtual machines, as a SystemC/TLM-2.0 platform", "coffer");
    program.require_subcommand(1);
    program.set_version_flag("--version", version_text);
    RunOptions run_options;
    add_run(program, run_options);
    RunOptions dump_options;
    add_dump(program, dump_options);
    StorageOptions storage_options;
    add_storage(program, storage_options);
    TraceOptions trace_options;
    add_trace(program, trace_options);
    ConfigOptions config_options;
    add_config(program, config_options);
    AttackOptions attack_options;
    add_attack(program, attack_options);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return static_cast<ExitCode>(program.exit(error));
        throw InputError("command line", first_line(error.what()) + "; see coffer --help");
    }
    if (program.got_subcommand("run")) return run(run_options);
    if (program.got_subcommand("dump")) return dump(dump_options);
    if (program.got_subcommand("trace")) return trace(*program.get_subcommand("trace"), trace_options);
    if (program.got_subcommand("config")) return config(config_options);
    if (program.got_subcommand("attack")) return attack(attack_options);
    return storage(storage_options);
}

}  // namespace
}  // namespace coffer

namespace {

/// SystemC's own handler prints reports of all kinds on standard output, over several lines.
void handle_report(const sc_core::sc_report& report, const sc_core::sc_actions& actions) {
    if (report.get_severity() == sc_core::SC_INFO) return;
    if (report.get_severity() == sc_core::SC_WARNING) {
        fmt::print(stderr, "coffer: warning: SystemC: {}: {}\n", report.get_msg_type(), report.get_msg());
        return;
    }
    sc_core::sc_report_handler::default_handler(report, actions & ~sc_core::SC_DISPLAY);
}

}  // namespace

int sc_main(int argc, char** argv) {
    sc_core::sc_report_handler::set_handler(handle_report);
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
    setenv("SC_COPYRIGHT_MESSAGE", "DISABLE", 0);
    return sc_core::sc_elab_and_sim(argc, argv);
}
