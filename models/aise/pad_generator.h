#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/units.h"
#include "crypto/line_cipher.h"

namespace coffer {

/// Where the protection engine gets pads from.
class PadPort {
public:
    virtual ~PadPort() = default;
    /// Pads of `lines` lines (1 to 64) under the key in `slot`: 80 bytes each, four chunks and the tag mask.
    virtual void generate(Slot slot, const crypto::Iv* ivs, std::size_t lines, std::uint8_t* pads) = 0;
};

/// Pads under one key per VM-Table register set.
class KeyedPads : public PadPort {
public:
    virtual void install(Slot slot, const crypto::Key128& k_data) = 0;
    virtual void revoke(Slot slot) = 0;
    virtual bool installed(Slot slot) const = 0;
};

/// AISE's pad generator: one keyed AES-128 per VM-Table register set.
class PadGenerator final : public KeyedPads {
public:
    void install(Slot slot, const crypto::Key128& k_data) override;
    void revoke(Slot slot) override;
    bool installed(Slot slot) const override { return slot < ciphers_.size() && ciphers_[slot].has_value(); }

    /// The slot must hold a key.
    void generate(Slot slot, const crypto::Iv* ivs, std::size_t lines, std::uint8_t* pads) override;

private:
    std::vector<std::optional<crypto::PadCipher>> ciphers_;
};

}  // namespace coffer
