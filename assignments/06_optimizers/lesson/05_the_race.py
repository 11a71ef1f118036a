# %% [markdown]
# ## 5 · The race
#
# Six rules, one start, one minimum:
# Beale's function (1958) has plateaus, a wall and a curved floor.
# **The functions that run here are yours.**
# Press ↻ to see it again;
# the legend says how many steps each one took to stay within 0.1 of the star.

# %% sandboxed="race_paths"
def race_paths(course, steps=250):
    """The paths of six rules over a course."""
    racers = {"SGD": (sgd, {"learning_rate": 0.02}),
              "momentum": (sgd_momentum, {"learning_rate": 0.005}),
              "Nesterov": (nesterov, {"learning_rate": 0.005}),
              "AdaGrad": (adagrad, {"learning_rate": 1.0}),
              "RMSprop": (rmsprop, {"learning_rate": 0.05, "decay_rate": 0.9}),
              "Adam": (adam, {"learning_rate": 0.3})}
    return {name: follow(rule, course.gradient, course.start, steps, **config)
            for name, (rule, config) in progress(racers.items(), "race")}

# %% experiment="race"
course = races.beale()
paths = race_paths(course)
races.show(races.picture(
    course, paths, "The race over Beale's function", "Six paths over the contours of Beale's "
    "function, from the upper left to the minimum at (3, 0.5). "
    "SGD and AdaGrad bounce off the steep wall once and then creep along the floor. Momentum and "
    "Nesterov swing far out and come in fast. Adam takes a wide curve and shakes itself to rest."))

# %% experiment="race_on_the_surface"
races.show(races.picture(
    course, paths, "The same race, seen from the side",
    "The six paths on the surface of Beale's function: a steep wall at the back, "
    "a curved floor in front with the minimum at its right end. All fall off the wall; "
    "momentum and Nesterov climb the opposite slope before they turn.", surface=True))

# %% [markdown]
# Before you conclude that one rule is best:
# each has a learning rate that was chosen for it, and on another course the order changes.
# Copy the cells and try.
#
# ### Whose track is it?
#
# Four rules left their tracks in a valley of condition number 20.
# (Your functions have no part in it, so the tracks are right whatever they do.)
# They are, in some order, `"sgd"`, `"momentum"`, `"adagrad"` and `"rmsprop"`.
# You have the formulas: what must each of them look like?

# %% experiment="tracks"
course = races.valley(20)
about = {"A": "runs towards the minimum at the same speed along and across the valley and never "
              "comes to rest: it hops about the minimum, now in short steps and now in long ones.",
         "B": "jumps from wall to wall, each jump a little shorter, and creeps along the floor.",
         "C": "makes long steps at first, then ever shorter ones, and has not arrived at the end.",
         "D": "swings across the floor in long waves, runs past the minimum and comes back."}
races.show(*[races.picture(course, {name: path}, f"Track {name}",
                           f"40 steps in a valley. Track {name} {about[name]}",
                           seconds=0, width=400)
             for name, path in races.mystery_tracks(course).items()])

# %% solution="whose_track" title="Whose track"
# Type the four names: whose_track = {"A": "...", "B": "...", "C": "...", "D": "..."}
### BEGIN SOLUTION
whose_track = {"A": "rmsprop", "B": "sgd", "C": "adagrad", "D": "momentum"}
### END SOLUTION

# %% [markdown] hint="whose_track"
# Which rule remembers its direction, and so must turn round?
# Which has steps that can only shrink?
# Which has steps that don't get shorter however flat the ground is?

# %% tests="whose_track" points=2
names = ["adagrad", "momentum", "rmsprop", "sgd"]
check("whose_track", sorted(whose_track) == ["A", "B", "C", "D"],
      "wants the four keys A, B, C and D")
check("whose_track", sorted(whose_track.values()) == names, f"wants each of {names} once")
### BEGIN HIDDEN TESTS
right = {"A": "rmsprop", "B": "sgd", "C": "adagrad", "D": "momentum"}
found = [track for track in right if whose_track[track] == right[track]]
check("whose_track", found, "none of the four is right",
      look="SGD jumps from wall to wall, momentum overshoots, AdaGrad tires, RMSprop never rests.")
0.5 * len(found)
### END HIDDEN TESTS
