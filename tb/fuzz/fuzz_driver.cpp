// Runs a fuzz target without libFuzzer: every file of the corpus as it is, then random mutations of them.
//
//   TARGET [--runs N] [--seed S] [--first R] CORPUS...
//
// Run R of seed S always has the same input. A run that crashes, aborts or throws ends the program with exit code 1, after one line with the
// arguments that repeat it.

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// There in a build with sanitizers only: their reports end the program without a signal.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Input = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

constexpr std::size_t max_input_bytes = 1 << 16;

struct Options {
    std::uint64_t runs = 1000;
    std::uint64_t seed = std::random_device{}();
    std::uint64_t first = 0;
    std::vector<std::string> corpus;
};

Options options_in_use;
volatile std::uint64_t current_run = 0;
std::string current_file;

/// Called in a process that may be damaged: no allocation.
void report() {
    char line[512];
    const int length = current_file.empty()
                           ? std::snprintf(line, sizeof line, "\nfuzz: failed; again with: --seed %llu --first %llu --runs 1 and the same corpus\n",
                                           static_cast<unsigned long long>(options_in_use.seed), static_cast<unsigned long long>(current_run))
                           : std::snprintf(line, sizeof line, "\nfuzz: failed at the corpus file %s\n", current_file.c_str());
    if (length > 0 && ::write(STDERR_FILENO, line, std::min(static_cast<std::size_t>(length), sizeof line)) < 0) ::_exit(1);
}

void on_signal(int) {
    report();
    ::_exit(1);
}

void catch_failures() {
    for (int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, on_signal);
    if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(report);
}

std::size_t below(Random& random, std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit); }

std::uint64_t telling_number(Random& random) {
    static constexpr std::uint64_t numbers[] = {
        0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, ~std::uint64_t{0}};
    return numbers[below(random, std::size(numbers))];
}

void mutate(Input& input, const Input& other, Random& random) {
    const std::size_t at = below(random, input.size());
    const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t length = below(random, std::min<std::size_t>(input.size() - at, 64) + 1);
    const auto end = place + static_cast<std::ptrdiff_t>(length);
    switch (below(random, 8)) {
        case 0:
            if (!input.empty()) input[at] = static_cast<std::uint8_t>(input[at] ^ 1u << below(random, 8));
            break;
        case 1:
            if (!input.empty()) input[at] = static_cast<std::uint8_t>(random());
            break;
        case 2: {
            const std::uint64_t number = telling_number(random);
            std::memcpy(input.data() + at, &number, std::min<std::size_t>(std::size_t{1} << below(random, 4), input.size() - at));
            break;
        }
        case 3: input.erase(place, end); break;
        case 4: {
            const Input copy(place, end);
            input.insert(place, copy.begin(), copy.end());
            break;
        }
        case 5: input.insert(place, static_cast<std::uint8_t>(random())); break;
        case 6: input.resize(at); break;
        case 7: {
            const std::size_t from = below(random, other.size());
            const std::size_t count = below(random, std::min<std::size_t>(other.size() - from, 64) + 1);
            input.insert(place, other.begin() + static_cast<std::ptrdiff_t>(from), other.begin() + static_cast<std::ptrdiff_t>(from + count));
            break;
        }
    }
    if (input.size() > max_input_bytes) input.resize(max_input_bytes);
}

Input make_input(const std::vector<Input>& corpus, std::uint64_t seed, std::uint64_t run) {
    std::seed_seq sequence{seed, seed >> 32, run, run >> 32};
    Random random(sequence);
    Input input = corpus[below(random, corpus.size())];
    for (std::size_t i = below(random, 6) + 1; i != 0; i--) mutate(input, corpus[below(random, corpus.size())], random);
    return input;
}

Input read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return Input(std::istreambuf_iterator<char>(file), {});
}

std::vector<std::filesystem::path> corpus_files(const std::vector<std::string>& names) {
    std::vector<std::filesystem::path> files;
    for (const std::string& name : names) {
        if (!std::filesystem::is_directory(name)) {
            files.push_back(name);
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator(name)) files.push_back(entry.path());
    }
    // The order of a folder's entries differs from one machine to the next, and a run's input depends on it.
    std::sort(files.begin(), files.end());
    return files;
}

Options read_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; i++) {
        const std::string argument = argv[i];
        std::uint64_t* number = argument == "--runs"    ? &options.runs
                                : argument == "--seed"  ? &options.seed
                                : argument == "--first" ? &options.first
                                                        : nullptr;
        if (number == nullptr) {
            options.corpus.push_back(argument);
            continue;
        }
        const char* text = ++i < argc ? argv[i] : "";
        const auto [end, error] = std::from_chars(text, text + std::strlen(text), *number);
        if (error != std::errc{} || *end != '\0') throw std::runtime_error(argument + " needs a number");
    }
    return options;
}

void run_all(const Options& options) {
    std::vector<Input> corpus;
    for (const std::filesystem::path& file : corpus_files(options.corpus)) {
        current_file = file.string();
        corpus.push_back(read_file(file));
        LLVMFuzzerTestOneInput(corpus.back().data(), corpus.back().size());
    }
    current_file.clear();
    if (corpus.empty()) corpus.emplace_back();
    for (std::uint64_t run = options.first; run != options.first + options.runs; run++) {
        current_run = run;
        const Input input = make_input(corpus, options.seed, run);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("%zu corpus files and %llu random inputs\n", corpus.size(), static_cast<unsigned long long>(options.runs));
}

}  // namespace

int main(int argc, char** argv) {
    try {
        options_in_use = read_options(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fuzz: %s\n", error.what());
        return 2;
    }
    std::printf("seed %llu\n", static_cast<unsigned long long>(options_in_use.seed));
    std::fflush(stdout);
    catch_failures();
    try {
        run_all(options_in_use);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fuzz: %s\n", error.what());
        report();
        return 1;
    }
}
