// replay COUNT RECORDING ...: lets each of the mutants 0 (the original) to COUNT of a model see the inputs of recordings, one cycle a line, and
// prints for each where its outputs first differ from the recorded ones, or `survives`.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "Vreplay.h"

namespace {


struct Cycle {
    std::vector<std::uint32_t> inputs, outputs;
};

/// Words of a number in hexadecimal digits, the least significant first.
std::vector<std::uint32_t> words(const std::string& digits, std::size_t count) {
    std::vector<std::uint32_t> result(count);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto digit = static_cast<std::uint32_t>(std::stoul(digits.substr(digits.size() - 1 - i, 1), nullptr, 16));
        result.at(i / 8) |= digit << i % 8 * 4;
    }
    return result;
}

std::vector<Cycle> read(const char* path) {
    std::ifstream file(path);
    std::vector<Cycle> cycles;
    std::string inputs, outputs;
    while (file >> inputs >> outputs)
        cycles.push_back({words(inputs, sizeof(Vreplay::stimulus) / 4), words(outputs, sizeof(Vreplay::expected) / 4)});
    return cycles;
}

/// The first cycle with another output, or -1.
long differs_in(const std::vector<Cycle>& cycles, unsigned mutant) {
    VerilatedContext context;
    Vreplay model(&context);
    model.mutant = mutant;
    for (std::size_t cycle = 0; cycle < cycles.size(); ++cycle) {
        for (std::size_t i = 0; i < cycles[cycle].inputs.size(); ++i) model.stimulus[i] = cycles[cycle].inputs[i];
        for (std::size_t i = 0; i < cycles[cycle].outputs.size(); ++i) model.expected[i] = cycles[cycle].outputs[i];
        model.clk = 0;
        model.eval();
        if (model.differs) return static_cast<long>(cycle);
        model.clk = 1;
        model.eval();
    }
    return -1;
}

std::string outcome(const std::vector<std::vector<Cycle>>& recordings, unsigned mutant) {
    for (std::size_t i = 0; i < recordings.size(); ++i)
        if (const long cycle = differs_in(recordings[i], mutant); cycle >= 0)
            return "killed in cycle " + std::to_string(cycle) + " of recording " + std::to_string(i);
    return "survives";
}

}  // namespace

int main(int argc, char* argv[]) {
    const auto count = static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10));
    std::vector<std::vector<Cycle>> recordings;
    for (int i = 2; i < argc; ++i) recordings.push_back(read(argv[i]));
    for (unsigned mutant = 0; mutant <= count; ++mutant) std::cout << outcome(recordings, mutant) << '\n';
}
