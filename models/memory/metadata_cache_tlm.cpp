#include "memory/metadata_cache_tlm.h"

#include <algorithm>

namespace coffer {

MetadataCacheTlm::MetadataCacheTlm(const sc_core::sc_module_name& name, const Parameters& parameters)
    : sc_module(name),
      target_socket("target_socket"),
      settle_socket("settle_socket"),
      initiator_socket("initiator_socket"),
      parameters_(parameters),
      bus_(initiator_socket.target()),
      cache_(parameters.geometry, parameters.chip_ways, bus_) {
    cache_.set_settle_port(*this);
    target_socket.serve<&MetadataCacheTlm::b_transport, &MetadataCacheTlm::transport_dbg>(*this);
}

namespace {

BlockId id_of(const SecurityContext& context) { return {context.key_slot, context.level, context.index}; }

/// The response to a payload that is no whole block, TLM_OK_RESPONSE otherwise.
tlm::tlm_response_status judge(const tlm::tlm_generic_payload& payload) {
    if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    if (payload.get_data_ptr() == nullptr || payload.get_data_length() != line_bytes || payload.get_streaming_width() < line_bytes)
        return tlm::TLM_BURST_ERROR_RESPONSE;
    return payload.get_address() % line_bytes == 0 ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE;
}

}  // namespace

tlm::tlm_response_status MetadataCacheTlm::serve(tlm::tlm_generic_payload& payload, SecurityContext& context) {
    const Address address = payload.get_address();
    const BlockId id = id_of(context);
    if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) {
        if (context.metadata == MetadataCommand::drop) cache_.drop(address, id);
        if (context.metadata == MetadataCommand::evict) cache_.evict(address, id);
        if (context.metadata == MetadataCommand::evict_all) cache_.evict_all(id.slot);
        return tlm::TLM_OK_RESPONSE;
    }
    if (const auto status = judge(payload); status != tlm::TLM_OK_RESPONSE) return status;
    Block64 block;
    if (payload.is_read()) {
        const bool look_up = context.metadata == MetadataCommand::look_up;
        context.trusted = look_up ? cache_.look_up(address, id, block) : cache_.cached(address, id, block);
        if (!context.trusted && look_up) return tlm::TLM_OK_RESPONSE;
        if (!context.trusted) cache_.fetch(address, id, block);
        std::copy(block.begin(), block.end(), payload.get_data_ptr());
    } else {
        std::copy_n(payload.get_data_ptr(), line_bytes, block.begin());
        if (context.metadata == MetadataCommand::install)
            cache_.install(address, id, block, context.dirty);
        else
            cache_.write(address, id, block);
    }
    return bus_.take_failure() ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE;
}

void MetadataCacheTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    auto* context = payload.get_extension<SecurityContext>();
    if (context == nullptr) {
        payload.set_response_status(payload.get_command() == tlm::TLM_IGNORE_COMMAND ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
        return;
    }
    const Charge charge = bus_.charge(delay);
    payload.set_response_status(serve(payload, *context));
    if (context->metadata == MetadataCommand::look_up) delay += parameters_.latency;
}

unsigned MetadataCacheTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    auto* context = payload.get_extension<SecurityContext>();
    if (context == nullptr || !payload.is_read() || judge(payload) != tlm::TLM_OK_RESPONSE) return 0;
    Block64 block;
    context->trusted = cache_.cached(payload.get_address(), id_of(*context), block);
    if (!context->trusted && !bus_.peek(payload.get_address(), block.data(), block.size())) return 0;
    std::copy(block.begin(), block.end(), payload.get_data_ptr());
    return line_bytes;
}

void MetadataCacheTlm::settle(Address address, const BlockId& id, const Block64& block) {
    SecurityContext& context = settle_payload_.context;
    context.mode = Mode::chip;
    context.key_slot = id.slot;
    context.level = id.level;
    context.index = id.index;
    // A block leaves through a write buffer: nobody waits for it.
    sc_core::sc_time posted;
    settle_socket.b_transport(settle_payload_.write(address, block.data(), block.size()), posted);
}

void MetadataCacheTlm::collect(StatisticsGroup& group) const {
    const MetadataCache::Statistics& s = cache_.statistics();
    group.add("counter_hits", s.counter_hits, "accesses");
    group.add("counter_misses", s.counter_misses, "accesses");
    group.add("node_hits", s.node_hits, "accesses");
    group.add("node_misses", s.node_misses, "accesses");
    group.add("evictions", s.evictions, "blocks");
    group.add("dirty_evictions", s.dirty_evictions, "blocks");
}

}  // namespace coffer
