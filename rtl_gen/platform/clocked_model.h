#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include <verilated.h>

#include "common/bytes.h"

namespace coffer {

/// A Verilated block whose clock runs only when it is told to. Inputs are set between cycles.
template <class Model>
class ClockedModel {
public:
    explicit ClockedModel(const char* name) : name_(name), model_(&context_, name) {
        model_.rst_n = 0;
        settle();
        rise();
        model_.rst_n = 1;
    }
    ~ClockedModel() { model_.final(); }

    Model* operator->() { return &model_; }
    Model& operator*() { return model_; }

    /// Lets the inputs of this cycle take effect, so that the outputs are those of before the clock edge.
    void settle() {
        model_.clk = 0;
        model_.eval();
    }
    /// The clock edge that ends the cycle.
    void rise() {
        model_.clk = 1;
        model_.eval();
        ++cycles_;
    }

    std::uint64_t cycles() const { return cycles_; }

    /// Throws std::logic_error where the block has taken more cycles since `begin` than any answer of its takes.
    void check_alive(std::uint64_t begin, std::uint64_t most) const {
        if (cycles_ - begin > most) throw std::logic_error(name_ + ": the RTL does not answer");
    }

private:
    const std::string name_;
    VerilatedContext context_;
    Model model_;
    std::uint64_t cycles_ = 0;
};

/// A port of `words` 32-bit words from bytes, the first byte the most significant.
template <std::size_t words>
void set_port(VlWide<words>& port, const std::uint8_t* bytes) {
    for (std::size_t i = 0; i < words; ++i) port[words - 1 - i] = load_be32(bytes + 4 * i);
}

/// The bytes of a port.
template <std::size_t words>
void get_port(const VlWide<words>& port, std::uint8_t* bytes) {
    for (std::size_t i = 0; i < words; ++i) store_be32(bytes + 4 * i, port[words - 1 - i]);
}

}  // namespace coffer
