"""Wrong and right answers to section 5, “Look inside”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- layers_of ------------------------------------------------------------------------------------

misconception("layers_of", "Only the next level is searched.", id="children-only",
              hint="named_modules() walks through all levels.", earns=1,
              replace="network.named_modules()", by="network.named_children()")
misconception("layers_of", "Subclasses are left out.", id="exact-type",
              hint="isinstance(module, kind) takes subclasses, too.", earns=1,
              replace="isinstance(module, kind)", by="type(module) is kind")
misconception("layers_of", "The layers come back, not their names.", id="modules",
              hint="Collect the names.", earns=1, replace="name for name", by="module for _")
misconception("layers_of", "Only the last piece of each name is returned.", id="short-names",
              hint="The whole dotted name is the key.", earns=1,
              replace="return [name for name, module in network.named_modules() if "
                      "isinstance(module, kind)]",
              by='return [name.split(".")[-1] for name, module in network.named_modules() if '
                 "isinstance(module, kind)]")
misconception("layers_of", "Buffers are counted as parameters.", id="count-parameters-with-buffers",
              hint="Use parameters(), not state_dict().", earns=1,
              replace="network.parameters())", by="network.state_dict().values())")
misconception("layers_of", "Tensors are counted, not the numbers in them.",
              id="count-parameters-tensors", hint="p.numel() numbers a tensor.", earns=1,
              replace=("total = sum(p.numel()", "trainable = sum(p.numel()"),
              by=("total = sum(1", "trainable = sum(1"))


@misconception("layers_of", "A tensor that two layers share is counted twice.",
               hint="network.parameters() hands out each one once.", earns=1,
               replaces="count_parameters")
def count_parameters_shared_twice(network):
    found = [p for _, p in network.named_parameters(remove_duplicate=False)]
    return sum(p.numel() for p in found), sum(p.numel() for p in found if p.requires_grad)


misconception("layers_of", "Frozen parameters are left out of the total.",
              id="count-parameters-trainable-only", hint="The total counts all.", earns=1,
              replace=("total = sum(p.numel() for p in network.parameters())",
                       "return total, trainable"), by=("", "return trainable, trainable"))


@alternative("layers_of", replaces="layers_of")
def layers_of_recursive(network, kind):
    found = []
    for name, child in network.named_children():
        if isinstance(child, kind):
            found.append(name)
        found += [f"{name}.{deeper}" for deeper in layers_of_recursive(child, kind)]
    return found


@alternative("layers_of", replaces="count_parameters")
def count_parameters_by_shape(network):
    sizes = {id(p): (int(np.prod(p.shape)), p.requires_grad) for p in network.parameters()}
    return sum(n for n, _ in sizes.values()), sum(n for n, trains in sizes.values() if trains)


# --- heads ----------------------------------------------------------------------------------------

misconception("heads", "That is the head's share of the body, not of everything.",
              id="head-share-of-the-body", hint="Divide by the total, head included.", earns=1,
              source="head_share = 0.38\n"
                     "new_head = 23058")
misconception("heads", "The biases of the new head are forgotten.", id="new-head-without-biases",
              hint="18 outputs have 18 biases.", earns=1,
              source="head_share = 0.275\n"
                     "new_head = 1280 * 18")
misconception("heads", "The new head doesn't sit on top of the 1,000 old outputs: it replaces "
              "them.", id="new-head-on-the-old-one", hint="It sees the 1,280 features.", earns=1,
              source="head_share = 0.275\n"
                     "new_head = 1000 * 18 + 18")
alternative("heads", id="as-quotients",
            source="head_share = 1281 / 4652\n"
                   "new_head = 18 * 1281")
