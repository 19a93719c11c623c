#include "cosim/framework/options.h"

#include <cstdlib>
#include <random>
#include <string_view>

#include "common/errors.h"

namespace coffer::cosim {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::uint64_t number(const std::string& text, const char* where) {
    std::size_t used = 0;
    std::uint64_t value = 0;
    try {
        value = std::stoull(text, &used, 0);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != text.size()) throw InputError(where, "not a seed: " + text, "an integer from 0 to 2^64 - 1");
    return value;
}

std::uint64_t seed_from_environment() {
    if (const std::string own = environment("COFFER_SEED"); !own.empty()) return number(own, "COFFER_SEED");
    const std::string properties = environment("RC_PARAMS");
    constexpr std::string_view key = "seed=";
    if (const std::size_t begin = properties.find(key); begin != std::string::npos) {
        const std::size_t end = properties.find(' ', begin);
        const std::size_t first = begin + key.size();
        return number(properties.substr(first, end == std::string::npos ? end : end - first), "RC_PARAMS");
    }
    return std::random_device{}();
}

}  // namespace

Options Options::from_environment() {
    Options options;
    options.seed = seed_from_environment();
    options.coverage = environment("COSIM_COVERAGE");
    return options;
}

Options& options() {
    static Options instance;
    return instance;
}

}  // namespace coffer::cosim
