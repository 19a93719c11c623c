#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "crypto/ghash_hardware.h"

namespace coffer {

/// The RTL of GHASH (one multiplier). It holds one hash subkey: another slot's is installed before the line that needs it.
class GhashRtl : public crypto::GhashHardware {
public:
    GhashRtl();
    ~GhashRtl() override;

    void install(Slot slot, const crypto::Key128& k_data) override;
    void revoke(Slot slot) override;
    /// Throws std::logic_error where the RTL does not answer.
    Block16 tag(Slot slot, const Block16& additional_data, const std::uint8_t* ciphertext, const std::uint8_t* mask) override;
    std::uint64_t cycles() const override { return cycles_; }

private:
    struct Model;

    void select(Slot slot);
    void send(const std::uint8_t* chunk);

    std::unique_ptr<Model> model_;
    std::vector<crypto::Key128> subkeys_;  // by slot
    std::optional<Slot> selected_;
    std::uint64_t begin_ = 0;
    std::uint64_t cycles_ = 0;
};

}  // namespace coffer
