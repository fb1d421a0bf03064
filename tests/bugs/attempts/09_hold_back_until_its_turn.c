static void collect_fixed(struct pool *pool)
{
    uint64_t items = fan_lab_items(pool->lab), next = 0;
    bool *held = fan_lab_alloc(pool->lab, items * sizeof *held);
    uint64_t *early = fan_lab_alloc(pool->lab, items * sizeof *early);
    struct result result;
    while (fan_chan_recv(pool->out, &result, NULL) == 0) {
        held[result.item] = true;
        early[result.item] = result.square;
        for (; next < items && held[next]; next++)
            pool->squares[next] = early[next];
        fan_lab_result(pool->lab);
    }
}
