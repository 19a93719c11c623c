#include "cosim/aes_pipeline/aes_pipeline_traffic.h"

#include "unit/kat_file.h"

namespace coffer::cosim {

Traffic aes_pipeline_traffic(Random& random, std::size_t transfers) {
    Traffic traffic;
    Bits key = Bits::random(128, random);
    for (std::size_t i = 0; i < transfers; ++i) {
        if (chance(random, 0.7)) key = Bits::random(128, random);
        Transfer transfer;
        transfer.channel = "in";
        transfer.fields = {Bits::random(128, random), key};
        traffic.push_back(transfer);
    }
    return traffic;
}

Traffic aes_pipeline_vectors() {
    Traffic traffic;
    for (const char* file : {"aes_fips197.rsp", "aes_aesavs.rsp"}) {
        for (const kat::Record& record : kat::load(file)) {
            if (record.at("Key").size() != 16) continue;
            Transfer transfer;
            transfer.channel = "in";
            transfer.fields = {Bits::from_bytes(record.at("PT")), Bits::from_bytes(record.at("Key"))};
            transfer.expected = {Bits::from_bytes(record.at("CT"))};
            traffic.push_back(transfer);
        }
    }
    return traffic;
}

}  // namespace coffer::cosim
