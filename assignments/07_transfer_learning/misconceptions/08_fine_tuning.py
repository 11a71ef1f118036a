"""Wrong and right answers to section 8, “Fine-tuning”."""

from autograder.lessons.variants import alternative, misconception

# --- rate_groups ----------------------------------------------------------------------------------

misconception("rate_groups", "Frozen parameters are handed to the optimizer: weight decay and "
              "momentum may still move them.", id="with-the-frozen",
              hint="Take only those with requires_grad.", earns=2,
              replace="[p for p in part.parameters() if p.requires_grad]",
              by="list(part.parameters())")
misconception("rate_groups", "A part is taken or left as a whole; single frozen parameters come "
              "along.", id="whole-parts", hint="Ask each parameter.", earns=2,
              replace='"params": trained', by='"params": list(part.parameters())')
misconception("rate_groups", "The rates are dealt out to the groups in order, so that a frozen "
              "part shifts all others.", id="in-order",
              hint="Each group has the rate of its own name.", earns=2,
              replace="rates[name]", by="list(rates.values())[len(groups)]")


@misconception("rate_groups", "Parts in which nothing trains have an empty group.",
               hint="Leave such a group out.", earns=2, replaces="rate_groups")
def rate_groups_empty_ones(network, rates):
    return [{"name": name, "params": [p for p in part.parameters() if p.requires_grad],
             "lr": rates[name]}
            for name, part in parts(network)]


misconception("rate_groups", "The groups go from the top to the bottom.", id="reversed",
              hint="In the order of parts(network).", earns=2,
              replace="return groups", by="return groups[::-1]")
misconception("rate_groups", "The part is in the optimizer, but its parameters don't require a "
              "gradient: they never move.", id="unfreeze-without-gradients",
              hint="part.requires_grad_(True).", earns=2,
              replace="part.requires_grad_(True)", by="")
misconception("rate_groups", "The part requires a gradient, but the optimizer doesn't know of it: "
              "it never moves.", id="unfreeze-without-the-optimizer",
              hint="optimizer.add_param_group.", earns=2,
              replace='optimizer.add_param_group({"name": name, "params": list(part.parameters()), '
                      '"lr": rate})', by="")
misconception("rate_groups", "The new group gets the optimizer's default rate, which is the "
              "head's.", id="unfreeze-at-the-default-rate", hint='Say "lr": rate in the group.',
              earns=2,
              replace='optimizer.add_param_group({"name": name, "params": list(part.parameters()), '
                      '"lr": rate})',
              by='optimizer.add_param_group({"name": name, "params": list(part.parameters())})')
misconception("rate_groups", "The part joins the first group, with the head's rate.",
              id="unfreeze-into-the-head", hint="A group of its own.", earns=2,
              replace=('if any(group.get("name") == name for group in optimizer.param_groups):\n'
                       "    return",
                       'optimizer.add_param_group({"name": name, "params": '
                       'list(part.parameters()), "lr": rate})'),
              by=("", 'optimizer.param_groups[0]["params"] += list(part.parameters())'))
misconception("rate_groups", "Unfreezing a part twice is an error: the optimizer has its "
              "parameters already.", id="unfreeze-twice-fails",
              hint="Look for the name in optimizer.param_groups first.", earns=2,
              replace='if any(group.get("name") == name for group in optimizer.param_groups):\n'
                      "    return", by="")
misconception("rate_groups", "The optimizer starts anew: momentum and averages are lost.",
              id="unfreeze-with-amnesia", hint="add_param_group keeps them.", earns=2,
              replace="part.requires_grad_(True)",
              by="part.requires_grad_(True)\n"
                 "optimizer.state.clear()")
misconception("rate_groups", "The parameters are chosen by requires_grad before it is switched on: "
              "the group is empty.", id="unfreeze-an-empty-group",
              hint="First requires_grad_(True), then the group.", earns=2,
              replace=('if any(group.get("name") == name for group in optimizer.param_groups):',
                       "part.requires_grad_(True)\n"
                       'optimizer.add_param_group({"name": name, "params": '
                       'list(part.parameters()), "lr": rate})'),
              by=('if name in [group.get("name") for group in optimizer.param_groups]:',
                  "trained = [p for p in part.parameters() if p.requires_grad]\n"
                  'optimizer.add_param_group({"name": name, "params": trained, "lr": rate})\n'
                  "part.requires_grad_(True)"))


@alternative("rate_groups", replaces="rate_groups")
def rate_groups_filtered(network, rates):
    found = ({"lr": rates[name], "name": name,
              "params": list(filter(lambda p: p.requires_grad, part.parameters()))}
             for name, part in parts(network))
    return [group for group in found if group["params"]]


@alternative("rate_groups", replaces="unfreeze")
def unfreeze_by_hand(network, optimizer, name, rate):
    if name in [group.get("name") for group in optimizer.param_groups]:
        return None
    found = []
    for key, part in parts(network):
        if key == name:
            for p in part.parameters():
                p.requires_grad = True
                found.append(p)
    optimizer.add_param_group(dict(params=found, lr=rate, name=name))
    return None


# --- worst_way ------------------------------------------------------------------------------------

misconception("worst_way", "The head alone can't go wrong: what lies below it stays as good as it "
              "was.", id="head", hint="Compare the curves after the first epoch.",
              source='worst_way = "head"')
misconception("worst_way", "One rate for all is not the best start, but the head still learns at "
              "full speed.", id="one-rate", hint="Compare the curves after the first epoch.",
              source='worst_way = "one rate"')
misconception("worst_way", "Gradual unfreezing starts as gently as the head alone.", id="gradual",
              hint="Compare the curves after the first epoch.", source='worst_way = "gradual"')
