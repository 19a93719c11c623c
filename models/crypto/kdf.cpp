#include "crypto/kdf.h"

#include <algorithm>

#include "crypto/mac.h"

namespace coffer::crypto {

void derive(const Key128& key, ByteView fixed_input, std::uint8_t* output, std::size_t size) {
    const Mac mac(MacAlgorithm::cmac, key);
    const std::size_t block_bytes = mac_bytes(MacAlgorithm::cmac);
    std::array<std::uint8_t, 4> counter;
    for (std::size_t done = 0, i = 1; done < size; done += block_bytes, ++i) {
        store_be32(counter.data(), static_cast<std::uint32_t>(i));
        MacValue block = mac.compute({counter, fixed_input});
        std::copy_n(block.begin(), std::min(block_bytes, size - done), output + done);
        wipe(block.data(), block.size());
    }
}

namespace {

template <std::size_t N>
Secret<N> derive_labelled(const Key128& key, std::string_view label, const KdfContext& context) {
    Bytes fixed_input(label.begin(), label.end());
    fixed_input.push_back(0);
    fixed_input.insert(fixed_input.end(), context.begin(), context.end());
    std::array<std::uint8_t, 4> bits;
    store_be32(bits.data(), static_cast<std::uint32_t>(8 * N));
    fixed_input.insert(fixed_input.end(), bits.begin(), bits.end());

    Secret<N> derived;
    derive(key, fixed_input, derived.data(), N);
    return derived;
}

}  // namespace

Key128 derive_128(const Key128& key, std::string_view label, const KdfContext& context) { return derive_labelled<16>(key, label, context); }
Key256 derive_256(const Key128& key, std::string_view label, const KdfContext& context) { return derive_labelled<32>(key, label, context); }

}  // namespace coffer::crypto
