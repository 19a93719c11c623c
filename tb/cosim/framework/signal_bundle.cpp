#include "cosim/framework/signal_bundle.h"

#include <stdexcept>

namespace coffer::cosim {

const Port& SignalBundle::port(const std::string& name) const {
    for (const auto& port : ports_)
        if (port->name() == name) return *port;
    throw std::out_of_range("no port " + name);
}

std::size_t SignalBundle::channel(const std::string& name) const {
    for (std::size_t i = 0; i < channels_.size(); ++i)
        if (channels_[i].name == name) return i;
    throw std::out_of_range("no channel " + name);
}

}  // namespace coffer::cosim
