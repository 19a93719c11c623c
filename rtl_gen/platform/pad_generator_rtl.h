#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "aise/pad_hardware.h"

namespace coffer {

/// The RTL of the pad generator (one AES pipeline) behind the pad generator's TLM socket: lines go in as fast as it takes them, and pads are taken as they come.
class PadGeneratorRtl : public PadHardware {
public:
    PadGeneratorRtl();
    ~PadGeneratorRtl() override;

    void install(Slot slot, const crypto::Key128& k_data) override;
    void revoke(Slot slot) override;
    bool installed(Slot slot) const override { return slot < keys_.size() && keys_[slot].has_value(); }
    /// The slot must hold a key. Throws std::logic_error where the RTL does not answer.
    void generate(Slot slot, const crypto::Iv* ivs, std::size_t lines, std::uint8_t* pads) override;
    std::uint64_t cycles() const override { return cycles_; }

private:
    struct Model;

    std::unique_ptr<Model> model_;
    std::vector<std::optional<crypto::Key128>> keys_;  // by slot
    std::uint64_t cycles_ = 0;
};

}  // namespace coffer
