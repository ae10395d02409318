"""Invented people for the demo, and what they would answer at intake. Pure data and arithmetic: no I/O, no clock.

Every phone number is in the 555-01xx range kept free for fiction, every e-mail at example.com.
"""
# ruff: noqa: S311, SIM905 - a seeded generator is the point, and hundreds of quoted words are no list to read

import unicodedata
from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

from msgspec import Struct

USUALLY_WOMEN = """
Abena Adaeze Aiko Alejandra Alina Amara Amelie Amina Anahí Ananya Anjali Annika Astrid Aurelia Aylin Beatriz Bianca
Bridget Camila Carmen Celeste Chiara Chloé Claudia Consuelo Corinne Dalia Daniela Deborah Delia Denise Divya Dolores
Edith Eleni Eliana Elif Eloise Esperanza Esther Eunice Farah Fatima Femke Fiona Freya Gabriela Genevieve Giulia Gloria
Greta Hana Hannah Helen Imani Ines Ingrid Irina Isabel Itzel Jacqueline Jasmine Joanna Josefina Joyce Judith Kaori
Karina Katarzyna Kavita Keisha Kerstin Khadija Latoya Leilani Leticia Lidia Lina Linh Lucía Magdalena Mai Malia Maren
Margarita Mariam Maribel Marta Maya Mei Mercy Minh-Anh Miriam Monique Nadia Naomi Natasha Nayeli Neha Ngozi Nia Nina
Noemí Noor Olga Paloma Parisa Patrice Petra Phoebe Pilar Priya Rachel Ramona Renée Rosa Rukmini Ruth Sabine Salma
Sanjana Saoirse Shanice Shirin Sigrid Simone Sinéad Siobhan Sofía Sunita Svetlana Tamika Tatiana Thandiwe Tomoko
Vanessa Wanda Xiomara Yasmin Yesenia Yolanda Yuki Zainab Zoë Zuri
""".split()
USUALLY_MEN = """
Abdul Adrián Ahmed Akira Alonso Amir Anders Andre Ángel Anton Arjun Arturo Bao Benedict Bilal Bruno Callum Cedric
Cheng Connor Cyrus Damián Darnell Deepak Dmitri Eduardo Emeka Enzo Esteban Ezra Felix Fernando Gareth Gustavo Hamza
Hassan Hiroshi Hugo Ibrahim Ignacio Ivan Jamal Javier Jerome Joaquín Jürgen Kaleo Karan Kenji Kofi Kwame Lamar Leif
Liam Lorenzo Luca Malik Marek Mateo Milo Miguel Nathaniel Nikolai Omar Oscar Pablo Patrick Quang Rafael Rahul Ramón
Reggie Rohan Rubén Samir Santiago Sergio Silas Stefan Tariq Tevita Theodore Thiago Tobias Vikram Walter Wei Xavier
Yusuf Zachary
""".split()
EITHER = "Alex Ariel Avery Cameron Casey Devon Dakota Eden Harley Jamie Jules Kai Kim Lee Morgan Noa Quinn".split()
FIRST_NAMES = USUALLY_WOMEN + USUALLY_WOMEN + USUALLY_MEN + EITHER  # a medspa's patients are mostly women

LAST_NAMES = """
Abara Abbasi Acevedo Achterberg Adeyemi Aguilar Ahlstrom Akande Albrecht Alcaraz Almeida Amano Andrade Anselm Appiah
Arellano Asante Ashdown Ashgrove Avalos Babatunde Baptiste Barlowe Barrientos Bauer Beaumont Begay Bellweather Benally
Bergstrom Bhatt Blackwood Boateng Bondarenko Bouchard Brandvold Brightwater Calderón Callahan Cárdenas Carvalho
Castellano Chaudhry Chowdhury Cisneros Clayborne Coldwell Contreras Cordero Covington Dąbrowski Dalgaard Delacroix
Delgado Devereaux Diallo Diaz-Romero Dubois Duong Edwinson Eklund El-Amin Elmsworth Enríquez Escobedo Esposito
Fairbanks Farrow Feldman Figueroa Fitzgibbon Fontaine Fujimoto Galindo Garza Gebremariam Ghorbani Goldfarb Granados
Greenwell Gutiérrez Hagopian Halvorsen Hamidi Harcourt Hashimoto Heffernan Hinojosa Hollingsby Holloway Huynh Ibarra
Idowu Ishikawa Iyer Jankowski Jaramillo Jeffries Kahananui Kamara Kaplan Karlsson Kawamoto Kealoha Kestrel Khoury
Kiplagat Kowalczyk Kurosawa-Bell Lachance Landry Larkin Lavigne Levinson Lindqvist Longoria Lozano Lundgren Macias
Mahoney Maldonado Mancini Marchetti Marrowby Mbeki-Lowe McAllister McKinnon Mehta Mensah Merriweather Molina Montoya
Moreau Mukherjee Muñoz Murakami Nakagawa Navarro Ndiaye Nguyễn Nkemelu Nordstrom Norwell Núñez Nwosu O'Donnell O'Keefe
Ocampo Odhiambo Okafor Okonkwo Olawale Ontiveros Orozco Ortega-Lund Osei Ostrowski Pacheco Pahlavan Palakiko Parekh
Pellegrini Peralta Petrosyan Pham Pietrangelo Popescu Prescott Quigley Quintana Rafferty Rahimi Raman Rasmussen
Reddington Reyes-Holm Ridgeway Rosenthal Rourke Saavedra Saldívar Santangelo Schroeder Sepúlveda Shrestha Siddiqui
Somerset Sorensen Stavros Sundaram Svensson Takahashi Talavera Tanaka Tavares Thackeray Thibodeaux Thornbury Tidewell
Tran Trujillo Tsosie Uchida Underhill Urbina Valdivia Vandermeer Vasquez Venkatesan Villanueva Virtanen Vuong
Wakefield Weatherby Weintraub Whitehorse Winterbourne Wojcik Wolcott Yamashita Yazzie Yoon Zamora Zielinski Zúñiga
""".split()

AREA_CODES = """
201 202 206 212 213 214 215 216 303 305 310 312 313 314 321 336 347 401 402 404 405 407 408 410 412 414 415 469 480
501 502 503 504 505 512 513 515 520 601 602 603 612 614 615 617 619 702 703 704 713 716 718 719 720 757 773 801 804
808 813 816 818 832 847 858 860 901 904 907 913 915 916 917 918 919 949 951 954 971 972 973
""".split()

OLDEST, TYPICAL, YOUNGEST = date(1946, 1, 1), date(1986, 6, 1), date(2006, 6, 30)

HISTORIES: list[tuple[int, str | None, str | None]] = [  # (plausible from this age, condition, medicine)
    (25, "Hypothyroidism", "Levothyroxine 75 mcg"),
    (35, "High blood pressure", "Lisinopril 10 mg"),
    (40, "High cholesterol", "Atorvastatin 20 mg"),
    (60, "Atrial fibrillation", "Apixaban 5 mg"),
    (40, "Type 2 diabetes", "Metformin 500 mg"),
    (18, "Asthma", "Albuterol inhaler"),
    (18, "Migraine", "Sumatriptan as needed"),
    (18, "Anxiety", "Sertraline 50 mg"),
    (18, "Acne", "Doxycycline 100 mg"),
    (18, "Rosacea", "Metronidazole cream"),
    (18, "Cold sores", "Valacyclovir as needed"),
    (30, "Lupus", "Hydroxychloroquine 200 mg"),
    (30, "Myasthenia gravis", "Pyridostigmine 60 mg"),
    (45, "Keloid scarring", None),
    (18, None, "Birth control pill"),
    (18, None, "Vitamin D and fish oil"),
    (50, None, "Aspirin 81 mg"),
]
ALLERGIES = "Penicillin|Sulfa drugs|Latex|Lidocaine|Eggs|Nickel|Codeine|Bee stings|Shellfish|Adhesive tape".split("|")


class Person(Struct, frozen=True):
    """Somebody who does not exist."""

    first_name: str
    last_name: str
    email: str
    phone: str
    dob: date


def people(count: int, *, seed: int) -> list[Person]:
    """The same `count` adults for the same seed, no e-mail twice; fewer of them are the beginning of more."""
    random, taken = Random(seed), Counter[str]()
    return [_person(random, taken) for _ in range(count)]


def intake(person: Person, seed: int) -> list[dict[str, Any]]:
    """The answers an EMR would send along for this person, as `intake_answers` of the exam API."""
    random = Random(f"{seed} {person.first_name} {person.last_name} {person.email}")
    age = YOUNGEST.year + 20 - person.dob.year
    fitting = [history for history in HISTORIES if history[0] <= age]
    histories = random.sample(fitting, random.choices((0, 1, 2), (50, 35, 15))[0])
    allergies = random.sample(ALLERGIES, random.choices((0, 1, 2), (70, 24, 6))[0])
    medications = [medicine for _, _, medicine in histories if medicine]
    conditions = [condition for _, condition, _ in histories if condition]
    return [
        {"question": "pregnant-breastfeeding-ivf", "answer": _pregnant(random, person, age)},
        {"question": "medications", "answer": _listed(medications)},
        {"question": "allergies", "answer": _listed(allergies)},
        {"question": "medical-conditions", "answer": _listed(conditions)},
    ]


def _person(random: Random, taken: Counter[str]) -> Person:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    mailbox = f"{_plain(first)}.{_plain(last)}"
    taken[mailbox] += 1
    number = str(taken[mailbox]) if taken[mailbox] > 1 else ""
    phone = f"+1{random.choice(AREA_CODES)}55501{random.randrange(100):02}"
    days = random.triangular(0, (YOUNGEST - OLDEST).days, (TYPICAL - OLDEST).days)
    return Person(first, last, f"{mailbox}{number}@example.com", phone, OLDEST + timedelta(days=int(days)))


def _plain(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", name).lower() if "a" <= letter <= "z")


def _pregnant(random: Random, person: Person, age: int) -> str:
    if person.first_name in USUALLY_MEN or age >= 55:
        return "N/A"
    return "Yes" if random.random() < 0.05 and age < 46 else "No"


def _listed(items: list[str]) -> dict[str, Any]:
    return {"selected": "yes" if items else "no", "items": items}
