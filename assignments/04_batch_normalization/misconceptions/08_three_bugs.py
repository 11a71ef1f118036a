"""Wrong and right answers to section 8, “Three programs, three bugs”."""

import torch

from autograder.lessons.variants import alternative, misconception

# --- bugs -----------------------------------------------------------------------------------------

misconception("bugs", "In program A the test set is only looked at after training; nothing of it "
              "gets into the weights.", id="a-leaks", hint="In which mode is the model in line 12?",
              earns=5,
              source='bug_kind = {"A": "statistics of the test set leak into training", "B": '
                     '"trains in test mode", "C": "statistics drift though the weights are '
                     'frozen"}\n'
                     'bug_line = {"A": 11, "B": 5, "C": 7}')
misconception("bugs", "A and B have changed places: B calls eval() and then goes on training.",
              id="a-and-b-exchanged", hint="Which program trains after eval()?", earns=4,
              source='bug_kind = {"A": "trains in test mode", "B": "tests in train mode", "C": '
                     '"statistics drift though the weights are frozen"}\n'
                     'bug_line = {"A": 11, "B": 5, "C": 7}')
misconception("bugs", "Line 14 is right: for the test the model belongs into eval mode. What is "
              "missing is the way back.", id="b-at-the-evaluation",
              hint="Where should train() stand, so that every epoch begins with it?", earns=5,
              source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": '
                     '"statistics drift though the weights are frozen"}\n'
                     'bug_line = {"A": 11, "B": 14, "C": 7}')
misconception("bugs", "Line 5 freezes the weights as it should; running statistics are no "
              "parameters.", id="c-at-the-freezing", hint="Which line lets the statistics move?",
              earns=5,
              source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": '
                     '"statistics drift though the weights are frozen"}\n'
                     'bug_line = {"A": 11, "B": 5, "C": 5}')
misconception("bugs", "Line 6 is right: each epoch trains in train mode.", id="a-at-train",
              hint="Something is missing before the test.", earns=5,
              source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": '
                     '"statistics drift though the weights are frozen"}\n'
                     'bug_line = {"A": 6, "B": 5, "C": 7}')
misconception("bugs", "Program C never sees the test set, and its head has no batch norm at all.",
              id="c-leaks", hint="What does a body in train mode do with each batch that passes?",
              earns=4,
              source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": '
                     '"statistics of the test set leak into training"}\n'
                     'bug_line = {"A": 11, "B": 5, "C": 8}')
alternative("bugs", id="other-places",
            source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": '
                   '"statistics drift though the weights are frozen"}\n'
                   'bug_line = {"A": 12, "B": 8, "C": 7}')
alternative("bugs", id="b-after-the-for",
            source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": '
                   '"statistics drift though the weights are frozen"}\n'
                   'bug_line = {"A": 12, "B": 7, "C": 7}')
alternative("bugs", id="b-before-the-forward-pass",
            source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": '
                   '"statistics drift though the weights are frozen"}\n'
                   'bug_line = {"A": 11, "B": 9, "C": 7}')
alternative("bugs", id="b-at-the-end-of-the-loop",
            source='bug_kind = {"A": "tests in train mode", "B": "trains in test mode", "C": '
                   '"statistics drift though the weights are frozen"}\n'
                   'bug_line = {"A": 11, "B": 17, "C": 7}')

# --- accuracy -------------------------------------------------------------------------------------

misconception("accuracy", "The model is never set to eval mode: the batch normalizes itself, and "
              "the running statistics change.", id="without-eval",
              hint="Call model.eval() before you measure. (torch.no_grad() switches the graph off, "
                   "not batch norm.)", replace="model.eval()", by="")
misconception("accuracy", "The model is left in eval mode, so that the next epoch trains in it.",
              id="stays-in-eval", hint="Put every module back into its mode.",
              replace=("modes = [(module, module.training) for module in model.modules()]",
                       "for module, training in modes:\n"
                       "    module.training = training"), by=("", ""))
misconception("accuracy", "The model is always set to train mode afterwards, even if it was in "
              "eval mode, and frozen parts wake up.", id="always-back-to-train",
              hint="Note the mode of each module before.",
              replace=("modes = [(module, module.training) for module in model.modules()]",
                       "for module, training in modes:\n"
                       "    module.training = training"), by=("", "model.train()"))
misconception("accuracy", "Only the mode of the model itself is noted, and given to all modules in "
              "it: frozen parts wake up.", id="restores-the-outer-mode",
              hint="Note the mode of each module in model.modules().",
              replace="for module, training in modes:\n"
                      "    module.training = training", by="model.train(modes[0][1])")
misconception("accuracy", "The scores are computed with a graph, which costs memory for nothing.",
              id="with-a-graph", hint="Call the model under torch.no_grad().",
              replace="with torch.no_grad():\n"
                      "    share = (model(x).argmax(dim=1) == y).float().mean().item()",
              by="share = (model(x).argmax(dim=1) == y).float().mean().item()")
misconception("accuracy", "The number of right answers comes back, not their share.", id="counts",
              hint="Divide by the number of examples.", replace="float().mean", by="sum")
misconception("accuracy", "Only the outermost module is set to eval mode; the batch norms inside "
              "go on training.", id="outermost-only",
              hint="model.eval() reaches all modules; model.training = False only one.",
              replace="model.eval()", by="model.training = False")
misconception("accuracy", "Modes are noted for the children only, not for what is inside them.",
              id="children-only", hint="model.modules() walks through all levels.",
              replace="model.modules()", by="model.children()")
misconception("accuracy", "Autograd is switched off and never on again: the next training step "
              "fails.", id="switches-autograd-off", hint="`with torch.no_grad():` ends by itself.",
              replace="with torch.no_grad():\n"
                      "    share = (model(x).argmax(dim=1) == y).float().mean().item()",
              by="torch.set_grad_enabled(False)\n"
                 "share = (model(x).argmax(dim=1) == y).float().mean().item()")
misconception("accuracy", "The parameters are frozen so that no graph is built, and stay frozen.",
              id="freezes-the-parameters", hint="torch.no_grad() needs no change of the model.",
              replace="with torch.no_grad():\n"
                      "    share = (model(x).argmax(dim=1) == y).float().mean().item()",
              by="for parameter in model.parameters():\n"
                 "    parameter.requires_grad_(False)\n"
                 "share = (model(x).argmax(dim=1) == y).float().mean().item()")
misconception("accuracy", "The gradients that were there are cleared, out of habit.",
              id="clears-the-gradients", hint="Measuring needs no zero_grad().",
              replace="model.eval()",
              by="model.eval()\n"
                 "model.zero_grad()")


@alternative("accuracy")
def accuracy_restored_by_train(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        right = (torch.max(model(x), 1)[1] == y).sum()
    # from the outside to the inside, so that the last word is each module's own
    for module, training in modes:
        module.train(training)
    return right.item() / len(y)


@alternative("accuracy")
def accuracy_with_a_dictionary(model, x, y):
    before = {name: module.training for name, module in model.named_modules()}
    try:
        with torch.inference_mode():
            scores = model.eval()(x)
    finally:
        for name, module in model.named_modules():
            module.training = before[name]
    return (scores.argmax(1) == y).double().mean().item()


@alternative("accuracy")
def accuracy_on_a_copy(model, x, y):
    import copy

    with torch.no_grad():
        return int((copy.deepcopy(model).eval()(x).max(dim=1).indices == y).sum()) / len(y)
