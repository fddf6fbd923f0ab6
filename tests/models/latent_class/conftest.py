import pytest
from three_classes import ITEMS, arranged, counted, planted

from helpers.models import latent_class as lca


@pytest.fixture(scope="session")
def rows():
    return planted()[0]


@pytest.fixture(scope="session")
def truth():
    return planted()[1]


@pytest.fixture(scope="session")
def model(rows):
    return arranged(lca.fit(counted(rows), ITEMS, 3, starts=4, seed=1))


@pytest.fixture(scope="session")
def classified(rows, model):
    return lca.classify(model, counted(rows), ITEMS)
