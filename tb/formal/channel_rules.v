// What an output channel promises: a transfer that was offered stays offered, with the same payload, until it is taken.
module channel_rules #(parameter WIDTH = 1) (
    input wire clk, input wire rst_n, input wire valid, input wire ready, input wire [WIDTH-1:0] payload
);
    reg waits = 0;
    reg [WIDTH-1:0] offered;

    always @(posedge clk) begin
        waits <= rst_n && valid && !ready;
        offered <= payload;
    end

    always @(*) begin
        if (waits) begin
            valid_stays: assert (valid);
            payload_stays: assert (payload == offered);
        end
        if (rst_n) begin
            something_waits: cover (waits);
        end
    end
endmodule
