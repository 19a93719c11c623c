#include "hsvm/vcpu_contexts.h"

namespace coffer {

std::uint64_t VcpuContexts::create(std::uint64_t vcpus) {
    std::uint64_t first = 0;
    for (std::uint64_t i = 0; i < frames_for(vcpus); ++i) {
        const std::uint64_t frame = *pool_.allocate();
        region_.write_word(frame * page_bytes, first);
        first = frame;
    }
    return first;
}

void VcpuContexts::destroy(std::uint64_t first_frame) {
    while (first_frame != 0) {
        const std::uint64_t next = region_.read_word(first_frame * page_bytes);
        pool_.release(first_frame);
        first_frame = next;
    }
}

Address VcpuContexts::address_of(std::uint64_t frame, std::uint32_t vcpu) {
    for (std::uint64_t i = 0; i < vcpu / per_frame; ++i) frame = region_.read_word(frame * page_bytes);
    return frame * page_bytes + line_bytes + vcpu % per_frame * context_bytes;
}

ContextBytes VcpuContexts::read(std::uint64_t first_frame, std::uint32_t vcpu) {
    const Address address = address_of(first_frame, vcpu);
    ContextBytes context;
    for (std::size_t i = 0; i < context_bytes; i += line_bytes) region_.read_bytes(address + i, context.data() + i, line_bytes);
    return context;
}

void VcpuContexts::write(std::uint64_t first_frame, std::uint32_t vcpu, const ContextBytes& context) {
    const Address address = address_of(first_frame, vcpu);
    for (std::size_t i = 0; i < context_bytes; i += line_bytes) region_.write_bytes(address + i, context.data() + i, line_bytes);
}

}  // namespace coffer
