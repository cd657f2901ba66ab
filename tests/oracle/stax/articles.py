# The same program in today's words.
import jax.numpy as np
from jax import grad, jit, random
from jax.example_libraries import optimizers, stax
from jax.example_libraries.stax import Conv, Dense, Flatten, LogSoftmax, MaxPool, Relu

net_init, net_apply = stax.serial(
    Conv(4, (3, 3), padding="SAME"), Relu,
    MaxPool((2, 2), strides=(2, 2)), Flatten,
    Dense(10), Relu,
    Dense(3), LogSoftmax,
)
_, net_params = net_init(random.PRNGKey(0), (1, 6, 6, 1))
print((-1, 3))

inputs = random.normal(random.PRNGKey(1), (12, 6, 6, 1))
targets = np.eye(3)[np.arange(12) % 3]
print(net_apply(net_params, inputs).shape)


def loss(params, batch):
    inputs, targets = batch
    return -np.mean(np.sum(net_apply(params, inputs) * targets, axis=1))


def train(opt, params, batches):
    opt_init, opt_update, get_params = opt
    state = opt_init(params)
    for i, batch in enumerate(batches):
        state = opt_update(i, grad(loss)(get_params(state), batch), state)
    return get_params(state)


batches = [(inputs[3 * i:3 * i + 3], targets[3 * i:3 * i + 3]) for i in range(4)]
net_params = train(optimizers.momentum(1e-2, 0.9), net_params, batches)
print(loss(net_params, (inputs, targets)))
net_params = train(optimizers.adam(0.01), net_params, [(inputs, targets)] * 30)
print(loss(net_params, (inputs, targets)))

init_random_params, predict = stax.serial(Dense(10), Relu, Dense(3), LogSoftmax)
_, params = init_random_params(random.PRNGKey(0), (-1, 4))
print(predict(params, np.ones((2, 4))))
