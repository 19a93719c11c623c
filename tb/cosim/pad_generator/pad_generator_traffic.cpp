#include "cosim/pad_generator/pad_generator_traffic.h"

#include "aise/counter_block.h"
#include "unit/kat_file.h"

namespace coffer::cosim {

namespace {

constexpr std::size_t pads_per_line = 4;

Transfer line(const Bits& key, const Bits& iv) {
    Transfer transfer;
    transfer.channel = "in";
    transfer.fields = {key, iv};
    return transfer;
}

Bits any_iv(Random& random) {
    if (chance(random, 0.5)) return Bits::random(96, random);
    const Lpid lpid = std::uint64_t{1} << 48 | random() % 16;
    return Bits::from_bytes(make_iv(lpid, static_cast<unsigned>(random() % 128), static_cast<unsigned>(random() % lines_per_page)));
}

/// Each whole chunk of ciphertext is its plaintext and a pad; with neither text nor additional data the tag is the mask.
std::vector<Bits> pads_and_mask(const kat::Record& record) {
    const Bytes& plaintext = record.at("PT");
    const Bytes& ciphertext = record.at("CT");
    std::vector<Bits> known(pads_per_line + 1);
    for (std::size_t pad = 0; pad < pads_per_line && (pad + 1) * chunk_bytes <= ciphertext.size(); ++pad) {
        Bytes bytes(chunk_bytes);
        for (std::size_t i = 0; i < chunk_bytes; ++i)
            bytes[i] = static_cast<std::uint8_t>(plaintext[pad * chunk_bytes + i] ^ ciphertext[pad * chunk_bytes + i]);
        known[pad] = Bits::from_bytes(bytes);
    }
    if (plaintext.empty() && record.at("AAD").empty()) known.back() = Bits::from_bytes(record.at("Tag"));
    return known;
}

}  // namespace

Traffic pad_generator_traffic(Random& random, std::size_t lines) {
    Traffic traffic;
    Bits key = Bits::random(128, random);
    for (std::size_t i = 0; i < lines; ++i) {
        if (chance(random, 0.5)) key = Bits::random(128, random);
        traffic.push_back(line(key, any_iv(random)));
    }
    return traffic;
}

Traffic pad_generator_vectors() {
    Traffic traffic;
    for (const char* file : {"gcm_spec.rsp", "gcm_encrypt.rsp", "line_openssl.rsp"}) {
        for (const kat::Record& record : kat::load(file)) {
            if (record.at("Key").size() != 16) continue;
            Transfer transfer = line(Bits::from_bytes(record.at("Key")), Bits::from_bytes(record.at("IV")));
            transfer.expected = pads_and_mask(record);
            traffic.push_back(transfer);
        }
    }
    return traffic;
}

}  // namespace coffer::cosim
