from helpers.measures.pupils import EHC_PLAN, NO_NEEDS, SEN_SUPPORT, circumstances, on_roll, special_needs_at


def roll(pupil, term="SPR", enrolment="C", urn="1", meals=False, six=False, place="L1", year=2019):
    return {
        "pupil_id": pupil, "academic_year": year, "term": term, "urn": urn, "enrolment": enrolment,
        "year_group": "11", "authority": "501", "neighbourhood": place, "free_school_meals": meals,
        "free_school_meals_six_years": six,
    }  # fmt: skip


def test_a_pupil_counts_once_at_the_main_school_in_spring(make_store):
    store = make_store(
        school_enrolments=[
            roll("A", enrolment="M"),
            roll("A", enrolment="S", urn="2"),
            roll("B", term="AUT"),
            roll("C", enrolment="G"),
        ]
    )
    found = on_roll(store).execute()
    assert found[["pupil_id", "urn"]].to_numpy().tolist() == [["A", "1"]]


def test_provision_of_all_years_is_brought_to_three(make_store):
    codes = {"A": "S", "B": "P", "C": "A", "D": "K", "E": "E"}
    store = make_store(
        special_needs=[{"pupil_id": p, "academic_year": 2014, "provision": c} for p, c in codes.items()],
        attainment_ks4=[{"pupil_id": p, "academic_year": 2014} for p in "ABCDEF"]
        + [{"pupil_id": "A", "academic_year": 2015}],
    )
    found = special_needs_at(store, store.attainment_ks4).execute().sort_values(["academic_year", "pupil_id"])
    expected = [EHC_PLAN, SEN_SUPPORT, SEN_SUPPORT, SEN_SUPPORT, EHC_PLAN, NO_NEEDS, NO_NEEDS]
    assert found["needs"].tolist() == expected


def test_circumstances_are_those_of_the_year(make_store):
    store = make_store(
        attainment_ks4=[{"pupil_id": p, "academic_year": 2019, "urn": "9"} for p in "ABC"],
        pupils=[
            {"pupil_id": "A", "sex": "F", "ethnicity": "BCRB", "first_language_english": True},
            {"pupil_id": "B", "sex": "M", "ethnicity": "NOBT", "first_language_english": None},
            {"pupil_id": "C", "sex": "U", "ethnicity": "WBRI", "first_language_english": False},
        ],
        school_enrolments=[
            roll("A", six=True), roll("A", place="L2", year=2018), roll("B", place="L2"),
        ],
        neighbourhoods=[
            {"neighbourhood": "L1", "idaci_decile": 2}, {"neighbourhood": "L2", "idaci_decile": 9},
        ],
    )  # fmt: skip
    found = circumstances(store, store.attainment_ks4).execute().set_index("pupil_id").sort_index()
    assert found["on_roll"].tolist() == [True, True, False]
    assert found["deprivation"].tolist() == ["Most deprived fifth", "Least deprived fifth", None]
    assert found["sex"].tolist() == ["F", "M", "not known"]
    assert found["ethnic_group"].tolist() == ["Black", "not known", "White"]
    assert found["language"].tolist() == ["English", "not known", "Other"]
    assert found["meals"].tolist()[:2] == [True, False] and found["urn"].tolist() == ["9"] * 3
